/** Insert `text` at the cursor in place of what is selected, as if it were typed: where possible it can be undone. */
export function insertText(field: HTMLTextAreaElement, text: string): void {
  if (document.activeElement === field && document.execCommand('insertText', false, text)) return
  field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end')
  field.dispatchEvent(new InputEvent('input', { bubbles: true }))
}

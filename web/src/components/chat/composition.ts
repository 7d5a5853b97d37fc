/** The key code of a key that an input method has taken for itself. */
const TAKEN_BY_IME = 229

/** Whether a key press is part of a composition: the Enter that ends one must not send. */
export function isComposing(event: KeyboardEvent): boolean {
  // Safari ends the composition before the key press that ended it, which then only the code gives away.
  return event.isComposing || event.keyCode === TAKEN_BY_IME
}

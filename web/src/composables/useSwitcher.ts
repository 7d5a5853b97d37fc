import { onScopeDispose, readonly, ref, type Ref } from 'vue'

const isMac = /Mac|iP(hone|ad|od)/.test(navigator.platform)

const isOpen = ref(false)
const hasOpened = ref(false)

/** The key that opens it, as people write it, and as `aria-keyshortcuts` does. */
export const SHORTCUT = isMac ? '⌘K' : 'Ctrl K'
export const SHORTCUT_KEYS = isMac ? 'Meta+K' : 'Control+K'

/** The dialog that leads anywhere. */
export function useSwitcher(): {
  isOpen: Ref<boolean>
  /** Whether it was ever open: it is loaded then. */
  hasOpened: Readonly<Ref<boolean>>
  open: () => void
  /** Open it by its key while the caller's scope lives. */
  listen: () => void
} {
  function open(): void {
    hasOpened.value = true
    isOpen.value = true
  }

  function onKeydown(event: KeyboardEvent): void {
    const isKey = isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey
    // On keyboards for other scripts the key has another letter, and the same place.
    const isK = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() === 'k' : event.code === 'KeyK'
    if (!isKey || !isK || event.altKey || event.shiftKey || event.isComposing) return
    event.preventDefault()
    if (event.repeat) return
    if (isOpen.value) isOpen.value = false
    else if (document.querySelector('[role="dialog"], [role="alertdialog"]') === null) open()
  }

  function listen(): void {
    window.addEventListener('keydown', onKeydown)
    onScopeDispose(() => {
      window.removeEventListener('keydown', onKeydown)
      isOpen.value = false
    })
  }

  return { isOpen, hasOpened: readonly(hasOpened), open, listen }
}

import { readonly, shallowRef } from 'vue'

export interface Toast {
  id: number
  text: string
}

/** Nobody reads more at once. */
const SHOWN_AT_ONCE = 2

/** Long enough to read a sentence twice. */
const SHOWN_FOR_MS = 6000

const toasts = shallowRef<readonly Toast[]>([])
let last = 0

/** Short messages at the foot of the page that disappear by themselves: nothing that has to be read. */
export function useToast() {
  return { toasts: readonly(toasts), show, dismiss }
}

/** Show `text` for a while or, if it `stays`, until it is dismissed. */
function show(text: string, { stays = false } = {}): void {
  const id = ++last
  // The same message twice is shown once.
  toasts.value = [...toasts.value.filter((toast) => toast.text !== text), { id, text }].slice(-SHOWN_AT_ONCE)
  if (!stays) setTimeout(() => dismiss(id), SHOWN_FOR_MS)
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}

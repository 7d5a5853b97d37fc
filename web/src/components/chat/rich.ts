import { type Component, shallowRef } from 'vue'

/** What has links or marks has one of these. */
const HINT = /:\/\/|[@*_~`]|[\p{L}\p{N}]\.\p{L}{2}|^ *(>|-|\d+[.)]) /mu

/** What shows links and marks: it is loaded with the first text that may have one, and plain text is shown until then. */
export const rich = shallowRef<Component | null>(null)
let loading: Promise<void> | undefined

/** Return what is to show a text, or null if it is plain. */
export function richFor(text: string): Component | null {
  if (!HINT.test(text)) return null
  loading ??= import('./RichText.vue').then(
    (loaded: { default: Component }) => {
      rich.value = loaded.default
    },
    () => {
      // Without a network the text stays as it is; the next text that is shown tries again.
      loading = undefined
    },
  )
  return rich.value
}

import { onScopeDispose, ref, type Ref } from 'vue'

const HIGHLIGHT_MS = 2000

/** Highlights a message for a moment, by its id. */
export function useHighlight(): { highlighted: Readonly<Ref<number | null>>; highlight: (id: number) => void } {
  const highlighted = ref<number | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined

  function highlight(id: number): void {
    clearTimeout(timer)
    highlighted.value = id
    timer = setTimeout(() => (highlighted.value = null), HIGHLIGHT_MS)
  }

  onScopeDispose(() => clearTimeout(timer))
  return { highlighted, highlight }
}

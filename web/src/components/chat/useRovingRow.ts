import { computed, nextTick, ref, type Ref, type ShallowRef, watch } from 'vue'

import type { VirtualizerHandle } from 'virtua/vue'

import type { Row } from './rows'

/**
 * The keyboard in the log: the Tab key reaches one row, and the arrow keys move between rows.
 *
 * @param open opens the menu of a row.
 * @param leave goes back to the composer.
 */
export function useRovingRow(
  rows: Readonly<Ref<readonly Row[]>>,
  list: Readonly<ShallowRef<VirtualizerHandle | null>>,
  scroller: Readonly<ShallowRef<HTMLElement | null>>,
  actions: { open: (index: number) => void; leave: () => void },
) {
  /** -1: none was chosen, which means the newest row. */
  const chosen = ref(-1)
  const active = computed(() => (chosen.value < 0 ? rows.value.length - 1 : chosen.value))
  /** The row with the focus stays in the document, wherever the list is scrolled. */
  const kept = computed(() => (chosen.value < 0 ? [] : [chosen.value]))

  watch(
    () => rows.value.length,
    (length) => {
      if (chosen.value >= length) chosen.value = -1
    },
  )

  function element(index: number): HTMLElement | null {
    return scroller.value?.querySelector<HTMLElement>(`[data-index="${index}"] article`) ?? null
  }

  async function focus(index: number): Promise<void> {
    chosen.value = Math.max(0, Math.min(index, rows.value.length - 1))
    list.value?.scrollToIndex(chosen.value, { align: 'nearest' })
    await nextTick()
    element(chosen.value)?.focus({ preventScroll: true })
  }

  function onFocusin(event: FocusEvent): void {
    const holder = (event.target as Element).closest<HTMLElement>('[data-index]')
    if (holder) chosen.value = Number(holder.dataset['index'])
  }

  function onKeydown(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const onRow = (event.target as Element).matches('article')
    const last = rows.value.length - 1
    if (event.key === 'ArrowUp') void focus(active.value - 1)
    else if (event.key === 'ArrowDown') void focus(active.value + 1)
    else if (event.key === 'Home') void focus(0)
    else if (event.key === 'End') void focus(last)
    else if (event.key === 'Escape') actions.leave()
    else if (onRow && (event.key === 'Enter' || event.key === ' ' || event.key === 'ContextMenu'))
      actions.open(active.value)
    else if (onRow && event.key === 'F10' && event.shiftKey) actions.open(active.value)
    else return
    event.preventDefault()
  }

  /** Rows were added at the start. */
  function moved(count: number): void {
    if (chosen.value >= 0) chosen.value += count
  }

  function reset(): void {
    chosen.value = -1
  }

  return { active, kept, element, focus, onFocusin, onKeydown, moved, reset }
}

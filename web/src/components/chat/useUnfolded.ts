import { type Ref, shallowReactive } from 'vue'

import { type Row, rowKey } from './rows'
import type { Edge } from './useLogScroll'

/**
 * Which of the long messages are shown whole: rows come and go while the log scrolls, and each is found again as it was.
 *
 * @param element returns the article of a row.
 * @param keep makes a change while an edge of a row stays where it is on the screen.
 */
export function useUnfolded(
  rows: Readonly<Ref<readonly Row[]>>,
  me: number,
  element: (index: number) => HTMLElement | null,
  keep: (element: HTMLElement, edge: Edge, change: () => void, by?: number) => Promise<void>,
) {
  const keys = shallowReactive(new Set<string>())

  function isUnfolded(row: Row): boolean {
    return keys.has(rowKey(row, me))
  }

  /**
   * Show all of a message, or its beginning. What is being read stays where it is.
   *
   * @param from how far down in the message that is, in pixels.
   */
  function unfold(index: number, on: boolean, from: number): void {
    const row = rows.value[index]
    const article = element(index)
    if (!row || !article) return
    const key = rowKey(row, me)
    void keep(article, on ? 'top' : 'bottom', () => (on ? keys.add(key) : keys.delete(key)), from)
  }

  return { isUnfolded, unfold }
}

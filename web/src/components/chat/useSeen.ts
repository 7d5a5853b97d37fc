import { nextTick, onBeforeUnmount, onMounted, type Ref, watch } from 'vue'

import { isPending, type Row } from './rows'

/** While scrolling, what was seen is reported at most this often, in milliseconds. */
const REPORT_MS = 250

/** The parts of a list that show which messages the reader has seen. */
export interface View {
  rows: Readonly<Ref<readonly Row[]>>
  /** How many of the rows are messages; the rest are pending. */
  messageCount: Readonly<Ref<number>>
  isSettled: Readonly<Ref<boolean>>
  /** The last row on the screen, as an index. */
  lastSeen: () => number
  unread: () => number
}

/**
 * Reports the newest message that the reader has really seen, while the caller's component lives.
 *
 * @param seen gets the message's id.
 * @returns functions to call after the list has changed, and while it scrolls.
 */
export function useSeen(view: View, seen: (messageId: number) => void): { report: () => void; reportSoon: () => void } {
  const { rows, messageCount, isSettled, lastSeen, unread } = view
  let timer: ReturnType<typeof setTimeout> | undefined

  function report(): void {
    if (unread() === 0 || !isSettled.value) return
    if (document.visibilityState !== 'visible' || !document.hasFocus()) return
    const row = rows.value[Math.min(lastSeen(), messageCount.value - 1)]
    if (row && !isPending(row)) seen(row.id)
  }

  function reportSoon(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      report()
    }, REPORT_MS)
  }

  watch([isSettled, unread], () => void nextTick(report))
  onMounted(() => {
    window.addEventListener('focus', report)
    document.addEventListener('visibilitychange', report)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('focus', report)
    document.removeEventListener('visibilitychange', report)
    clearTimeout(timer)
  })

  return { report, reportSoon }
}

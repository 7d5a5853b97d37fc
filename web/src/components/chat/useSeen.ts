import { computed, nextTick, onBeforeUnmount, type Ref, watch } from 'vue'

import { useAttention } from '@/composables/useAttention'

import { isPending, positionOfMessage, type Row } from './rows'

/** While scrolling, what was seen is reported at most this often, in milliseconds. */
const REPORT_MS = 250

/** The parts of a list that show which messages the reader has seen. */
export interface View {
  rows: Readonly<Ref<readonly Row[]>>
  /** How many of the rows are messages; the rest are pending. */
  messageCount: Readonly<Ref<number>>
  isSettled: Readonly<Ref<boolean>>
  /** Measure what is on the screen, and return the last row of it, as an index. */
  lastSeen: () => number
  /** The last row that was on the screen when it was measured last: the sizes of rows are known late. */
  lastMeasured: () => number
  me: number
  unread: () => number
  /** The newest message that the reader has seen. */
  readUpTo: () => number
}

/** What is done with what was seen. */
export interface Listeners {
  /** The newest message that the reader has really seen. */
  seen: (messageId: number) => void
  /** This message, which has arrived, is the first of those the reader has not seen. */
  unseen: (messageId: number) => void
}

/**
 * Reports what the reader has seen, while the caller's component lives. Only what was on the screen of somebody who
 * looks at it counts: never what a hidden tab, or a window beside the one they work in, has received.
 */
export function useSeen(view: View, listeners: Listeners) {
  const { rows, messageCount, isSettled, lastSeen, lastMeasured, me, unread, readUpTo } = view
  const { isLooking } = useAttention()
  let timer: ReturnType<typeof setTimeout> | undefined
  let frame: number | undefined
  /** How many messages have arrived since the last report. */
  let arrivals = 0

  /** The first of the other's messages that has not been seen, as an id; null if there is none. */
  const firstUnseen = computed(() => {
    if (unread() === 0) return null
    for (let index = position(readUpTo() + 1); index < messageCount.value; index += 1) {
      const row = rows.value[index]
      if (row && !isPending(row) && row.sender_id !== me && row.deleted_at === null) return row.id
    }
    return null
  })

  function position(id: number): number {
    return positionOfMessage(rows.value, messageCount.value, id)
  }

  function report(): void {
    frame = undefined
    arrivals = 0
    if (unread() === 0 || !isSettled.value || !isLooking.value) return
    const row = rows.value[Math.min(lastSeen(), messageCount.value - 1)]
    if (row && !isPending(row)) listeners.seen(row.id)
    if (firstUnseen.value !== null) listeners.unseen(firstUnseen.value)
  }

  /** Report in the next frame, or when it is certain where they are: of many that arrive at once not all may be. */
  function reportShown(count = 0): void {
    arrivals += count
    frame ??= requestAnimationFrame(() => {
      if (arrivals > 1) frame = requestAnimationFrame(report)
      else report()
    })
  }

  function reportSoon(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      report()
    }, REPORT_MS)
  }

  watch([isSettled, unread, isLooking, lastMeasured], () => void nextTick(reportShown))
  onBeforeUnmount(() => {
    clearTimeout(timer)
    if (frame !== undefined) cancelAnimationFrame(frame)
  })

  return { firstUnseen, isLooking, reportShown, reportSoon }
}

import { computed, nextTick, type Ref, watch } from 'vue'

import { type Chat, useMessagesStore } from '@/stores/messages'

import { indexOfMessage, isPending, positionOfMessage, type Row } from './rows'
import { useHighlight } from './useHighlight'
import type { LogScroll, Place } from './useLogScroll'

/** Where the log of a chat begins, and the ways to a message, to what is new and to the end. */
export function useLogPlace(
  chat: () => Chat,
  { rows, messageCount }: { rows: Readonly<Ref<readonly Row[]>>; messageCount: Readonly<Ref<number>> },
  scroll: LogScroll,
) {
  const store = useMessagesStore()
  const { highlighted, highlight } = useHighlight()
  /** The message to show, until it is loaded. */
  let wanted: number | null = null
  /** The message before which the line was put when it arrived. */
  let marked: number | null = null

  const firstUnreadIndex = computed(() => {
    const { firstUnreadId } = chat()
    return firstUnreadId === null ? -1 : indexOf(firstUnreadId)
  })

  function indexOf(id: number): number {
    return indexOfMessage(rows.value, messageCount.value, id)
  }

  function nearest(id: number): number {
    return Math.min(positionOfMessage(rows.value, messageCount.value, id), rows.value.length - 1)
  }

  /** Where to begin: at the message to show, where the reader was before, at the first unread message, or at the end. */
  function landing(): Place {
    if (wanted !== null) {
      const index = nearest(wanted)
      highlight(wanted)
      wanted = null
      return { index, align: 'center' }
    }
    const place = store.placeIn(chat().place)
    if (place !== null) return { index: nearest(place.id), align: 'start', offset: -place.offset }
    return unreadPosition() ?? 'end'
  }

  function unreadPosition(): Place | null {
    const index = firstUnreadIndex.value
    return index < 0 ? null : { index, align: 'start', offset: -scroll.aboveUnseen() }
  }

  /** Put the line for new messages before one that has just arrived. */
  function markUnseen(id: number): void {
    marked = id
    store.markUnread(chat().place, id - 1)
  }

  // A chat shown from storage learns what is unread when the network answers.
  watch(
    () => chat().firstUnreadId,
    async (id) => {
      await nextTick()
      const position = id === marked ? null : unreadPosition()
      if (position && scroll.atEnd.value) void scroll.land(position)
    },
  )

  /** Note where the reader is, for when they come back from another chat, or after everything was loaded again. */
  function note(): void {
    if (!scroll.isSettled.value) return
    const anchor = scroll.atEnd.value ? null : scroll.anchor()
    const row = anchor && rows.value[anchor.index]
    store.lookAt(chat().place, anchor && row && !isPending(row) ? { id: row.id, offset: anchor.offset } : null)
  }

  /** Scroll to a message anywhere in the history, and highlight it. */
  async function showMessage(id: number): Promise<void> {
    const index = indexOf(id)
    if (index >= 0) {
      scroll.go({ index, align: scroll.isTall(index) ? 'start' : 'center' })
      highlight(id)
      return
    }
    wanted = id
    await store.loadAround(chat().place, id)
    await nextTick()
    if (wanted === id) wanted = null
  }

  /** Scroll to the end of the whole conversation. */
  async function showNewest(smooth = false): Promise<void> {
    if (chat().moreAfter) {
      store.lookAt(chat().place, null)
      await store.loadNewest(chat().place)
      await nextTick()
    }
    scroll.go('end', smooth)
  }

  function showFirstUnread(): void {
    const position = unreadPosition()
    if (position) scroll.go(position)
  }

  /** Scroll down: to the first unread message where it is below, else to the end. */
  function showBelow(): void {
    const position = firstUnreadIndex.value > scroll.seen.value.last ? unreadPosition() : null
    if (position) scroll.go(position)
    else void showNewest(true)
  }

  return {
    highlighted,
    firstUnreadIndex,
    indexOf,
    landing,
    note,
    markUnseen,
    showMessage,
    showNewest,
    showFirstUnread,
    showBelow,
  }
}

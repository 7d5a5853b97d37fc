import { nextTick, onBeforeMount, ref, shallowRef, watch } from 'vue'

import type { Message } from '@/api/wire'
import type { Chat } from '@/stores/messages'

import { compareRows, isPending, type Row } from './rows'

/** What a list that keeps its position has to know about a change. */
export interface Listeners {
  /** Another part of the history is shown, or the first one: find a new position. */
  replaced(): void
  /** `count` rows were added at the start. */
  prepended(count: number): void
  /** The rows at the end have changed, or more were added; `arrived` are the other's messages among them. */
  appended(arrived: readonly Message[]): void
}

/**
 * The rows of a chat as a virtual list needs them: they grow at one end at a time, and it is told at which.
 *
 * Only references are copied when a message comes; nothing is computed for the rows that stay.
 */
export function useLogRows(chat: () => Chat, me: number, listeners: Listeners) {
  const rows = shallowRef<Row[]>([])
  /** How many of the rows are messages; the rest are pending. */
  const messageCount = ref(0)
  /** Whether the last change was at the start. */
  const shift = ref(false)
  /** Counts the parts of the history shown so far: each gets a new virtual list. */
  const part = ref(0)

  let wasLoaded = false

  // A chat may be loaded already, while the listeners for its first rows exist only now.
  onBeforeMount(() =>
    watch(
      () => {
        const { items, pending, moreAfter, isLoaded } = chat()
        // Unsent messages follow the newest message, not the end of another part of the history.
        return { next: moreAfter ? [...items] : [...items, ...pending], isLoaded }
      },
      ({ next, isLoaded }) => {
        void show(next)
        wasLoaded = isLoaded
      },
      { immediate: true },
    ),
  )

  async function show(next: Row[]): Promise<void> {
    const shown = rows.value
    const { items } = chat()
    const change = compareRows(shown, next, items.length, me)
    if (change.kind === 'replaced') {
      shift.value = false
      part.value += 1
      set(next, items.length)
      listeners.replaced()
      if (wasLoaded && shown.length === 0) listeners.appended(newer(items, 0, me))
      return
    }
    if (change.kind === 'grown' && change.before > 0) {
      shift.value = true
      set([...next.slice(0, change.before), ...shown], change.before + messageCount.value)
      listeners.prepended(change.before)
      await nextTick()
      // Newer rows have been shown meanwhile.
      if (rows.value.length !== change.before + shown.length) return
    }
    const last = lastMessage(rows.value)
    shift.value = false
    set(next, items.length)
    listeners.appended(last ? newer(items, last.id, me) : [])
  }

  function set(next: Row[], messages: number): void {
    rows.value = next
    messageCount.value = messages
  }

  function lastMessage(shown: readonly Row[]): Message | undefined {
    const row = shown[messageCount.value - 1]
    return row && !isPending(row) ? row : undefined
  }

  return { rows, messageCount, shift, part }
}

function newer(items: readonly Message[], id: number, me: number): Message[] {
  const found: Message[] = []
  for (let index = items.length - 1; index >= 0 && items[index]!.id > id; index -= 1) {
    if (items[index]!.sender_id !== me) found.unshift(items[index]!)
  }
  return found
}

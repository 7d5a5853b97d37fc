import { nextTick, onBeforeMount, ref, shallowRef, watch } from 'vue'

import type { Message } from '@/api/wire'
import type { Chat } from '@/stores/messages'

import { compareRows, isPending, type Row } from './rows'

/** What a list that holds its place has to know of a change. */
export interface Listeners {
  /** Another part of the history is shown, or the first one: find a place anew. */
  replaced(): void
  /** `count` rows came at the start. */
  prepended(count: number): void
  /** The rows at the end are others than before, or more; `arrived` are the messages of the other among them. */
  appended(arrived: readonly Message[]): void
}

/**
 * The rows of a chat as a virtual list wants them: grown at one end at a time, and told which.
 *
 * Only references are copied when a message comes; nothing is computed for the rows that stay.
 */
export function useLogRows(chat: () => Chat, me: number, listeners: Listeners) {
  const rows = shallowRef<Row[]>([])
  /** How many of the rows are messages; the rest is pending. */
  const messageCount = ref(0)
  /** Whether the last change was at the start. */
  const shift = ref(false)
  /** Counts the parts of the history shown: a virtual list begins anew with each. */
  const part = ref(0)

  let wasLoaded = false

  // A chat may be there already, and those who listen to its first rows are there only now.
  onBeforeMount(() =>
    watch(
      () => {
        const { items, pending, moreAfter, isLoaded } = chat()
        // What is on its way comes after the newest message, not after the end of another part of the history.
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
      // Something newer has been shown meanwhile.
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

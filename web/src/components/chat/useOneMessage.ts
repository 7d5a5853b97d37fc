import { computed, onScopeDispose, shallowRef, watch } from 'vue'

import type { Message, ServerEvent } from '@/api/wire'
import { subscribe } from '@/events'
import { afterEvent } from '@/model/messages'
import type { Chat } from '@/stores/messages'
import { api } from '@/transport/api'
import { socket } from '@/transport/socket'

import { indexOfMessage } from './rows'

/**
 * Follow one message of a chat, which need not be among those the log has loaded.
 *
 * @param id says which; null for none.
 */
export function useOneMessage(chat: Chat, id: () => number | null) {
  const fetched = shallowRef<Message | null>(null)
  /** The message that the server does not have any more. */
  const missing = shallowRef<number | null>(null)
  let asking: AbortController | null = null

  const loaded = computed(() => {
    const wanted = id()
    return wanted === null ? null : (chat.items[indexOfMessage(chat.items, chat.items.length, wanted)] ?? null)
  })
  const message = computed(() => loaded.value ?? (fetched.value?.id === id() ? fetched.value : null))
  const isGone = computed(() => id() !== null && (message.value ? message.value.deleted_at !== null : isMissing.value))
  const isMissing = computed(() => loaded.value === null && missing.value === id())

  watch(
    () => [id(), chat.isLoaded && loaded.value === null && socket.isConnected.value] as const,
    ([, isWanted]) => {
      asking?.abort()
      if (isWanted) void fetch()
    },
    { immediate: true },
  )
  onScopeDispose(subscribe(follow))
  onScopeDispose(() => asking?.abort())

  async function fetch(): Promise<void> {
    const wanted = id()
    if (wanted === null) return
    const { signal } = (asking = new AbortController())
    // If this fails, it is asked again with the next connection; until then the message is one that is not loaded.
    const page = await api.messages(chat.place, { around: wanted, limit: 1 }, signal).catch(() => null)
    if (page === null || signal.aborted) return
    const found = page.items.find((message) => message.id === wanted) ?? null
    fetched.value = found
    missing.value = found ? null : wanted
  }

  function follow(event: ServerEvent): void {
    if (fetched.value !== null) fetched.value = afterEvent(fetched.value, event)
    // The page that is on its way may be older than the event.
    else if (event.type === 'message_deleted' && event.data.id === id() && loaded.value === null) void fetch()
  }

  return { message, isGone, isMissing }
}

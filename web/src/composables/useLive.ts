import { effectScope, type EffectScope, onScopeDispose, watch } from 'vue'

import type { Position } from '@/api/wire'
import { subscribe } from '@/events'
import { useAuthStore } from '@/stores/auth'
import { useBlocksStore } from '@/stores/blocks'
import { useConversationsStore } from '@/stores/conversations'
import { useMessagesStore } from '@/stores/messages'
import { useOutboxStore } from '@/stores/outbox'
import { usePeopleStore } from '@/stores/people'
import { usePresenceStore } from '@/stores/presence'
import { useRoomsStore } from '@/stores/rooms'
import { api } from '@/transport/api'
import { socket } from '@/transport/socket'

/**
 * The stores that follow events, in the order they hear of each: the conversations compare a deletion with what the
 * rooms showed before it.
 */
const FOLLOWERS = [
  useAuthStore,
  usePeopleStore,
  useConversationsStore,
  useRoomsStore,
  useOutboxStore,
  usePresenceStore,
] as const

let scope: EffectScope | null = null
/** Whose data the stores hold. */
let holder: number | null = null

/** Keeps the stores in step with the server for as long as somebody is signed in. */
export function useLive(): { start: () => void; stop: () => void } {
  return { start, stop }
}

function start(): void {
  if (scope !== null) return
  scope = effectScope(true)
  scope.run(() => {
    const auth = useAuthStore()
    for (const useStore of FOLLOWERS) onScopeDispose(subscribe(useStore().apply))
    // At once, not with the next rendering: nothing of one user may be shown to another.
    watch(() => auth.token, follow, { immediate: true, flush: 'sync' })
    watch(socket.status, (status) => {
      if (status === 'online') resume()
      else if (status === 'waiting' || status === 'stopped') usePresenceStore().disconnected()
    })
    watch(socket.stopped, (stopped) => {
      if (stopped === null || stopped.reason === 'protocol') return
      void auth.end(stopped.reason === 'no_token' ? 'session_ended' : stopped.reason)
    })
  })
}

function stop(): void {
  scope?.stop()
  scope = null
  socket.disconnect()
  usePresenceStore().disconnected()
}

/** Connect as the user who is signed in. */
function follow(token: string | null): void {
  const me = useAuthStore().user?.id ?? null
  socket.disconnect()
  if (me !== holder) hold(me)
  if (token !== null) socket.connect({ token, ticket: api.ticket, load })
}

function hold(me: number | null): void {
  if (holder !== null) {
    usePeopleStore().reset()
    usePresenceStore().reset()
    useBlocksStore().reset()
    useOutboxStore().reset()
    useConversationsStore().reset()
    useRoomsStore().reset()
    useMessagesStore().reset()
  }
  holder = me
  if (me !== null) {
    if (useAuthStore().user?.role === undefined)
      useAuthStore()
        .refresh()
        .catch(() => undefined)
    useOutboxStore().load()
    void useConversationsStore().showSnapshot()
  }
}

/** Load the present state; chats follow only then, so that no page is older than the stream of events. */
async function load(): Promise<Position> {
  const position = await useConversationsStore().load()
  useMessagesStore().restart()
  return position
}

function resume(): void {
  useOutboxStore().flush()
  useConversationsStore().resume()
  useMessagesStore().resume()
}

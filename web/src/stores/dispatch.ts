import type { ServerEvent } from '@/api/wire'

import { useAuthStore } from './auth'
import { useConversationsStore } from './conversations'
import { useMessagesStore } from './messages'
import { useOutboxStore } from './outbox'
import { usePeopleStore } from './people'
import { usePresenceStore } from './presence'

/** Tell all stores of an event, in one go. The answer to one's own command is told as the event that others get. */
export function dispatch(event: ServerEvent): void {
  useAuthStore().apply(event)
  usePeopleStore().apply(event)
  useConversationsStore().apply(event)
  useMessagesStore().apply(event)
  useOutboxStore().apply(event)
  usePresenceStore().apply(event)
}

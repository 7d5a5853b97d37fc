import { defineStore } from 'pinia'

import type { Message } from '@/api/wire'
import { publish } from '@/events'
import type { Anchor } from '@/model/messages'
import { isSamePlace, type Place } from '@/model/places'
import type { Pending } from '@/offline/unsent'
import { socket } from '@/transport/socket'

import { useAuthStore } from './auth'
import { useConversationsStore } from './conversations'
import type { Chat, Loading } from './messages/chat'
import { PAGE, type Room } from './messages/room'
import { useOutboxStore } from './outbox'
import { useRoomsStore } from './rooms'

export type { Chat, Loading, Pending }

/** With more unread messages than this, a chat opens at the first of them, not at its end. */
const UNREAD_AT_END = PAGE - 10

/** The chats, with their stored and unsent messages. */
export const useMessagesStore = defineStore('messages', () => {
  const auth = useAuthStore()
  const outbox = useOutboxStore()
  const rooms = useRoomsStore()
  const conversations = useConversationsStore()
  const me = (): number => auth.user?.id ?? 0
  /** The chat that is open. */
  let current: Room | null = null

  /** Return the chat of a place, open or not. */
  const chat = (place: Place): Chat => rooms.room(place).chat

  /** Open a chat where it was left or, if that was its end and there are many unread messages, at the first of them. */
  async function open(place: Place): Promise<void> {
    const opened = rooms.room(place)
    const stream = rooms.currentStream()
    current = opened
    if (!opened.chat.isLoaded) void rooms.showSnapshot(opened)
    await stream.begun
    if (stream === rooms.currentStream() && current === opened) await fill(opened)
  }

  /** Load what the reader of a chat is to see, unless it is there. */
  async function fill(room: Room): Promise<void> {
    const { anchor, place, timeline } = room
    const conversation = conversations.get(place)
    const unread = conversation?.unread_count ?? 0
    const readUpTo = conversation?.read_up_to ?? 0
    room.noteRead(conversation?.others_read_up_to ?? 0)
    room.markUnread(unread > 0 ? readUpTo : null)
    if (anchor !== null) {
      if (!timeline.isFresh || timeline.find(anchor.id) === undefined) await room.loadAround(anchor.id)
    } else if (!room.isLive || timeline.above(readUpTo).length < unread) {
      // In a group, what one has read up to may be older than what one sees.
      const side = place.kind === 'group' ? 'after' : 'around'
      await (unread > UNREAD_AT_END ? room.loadAround(Math.max(readUpTo, 1), side) : room.loadNewest())
    }
  }

  /** Close a chat. */
  function close(place: Place): void {
    rooms.get(place)?.leave()
    if (current !== null && isSamePlace(current.place, place)) current = null
  }

  /** Note where the reader of a chat is, or null for the end: that comes first if everything is reloaded. */
  function lookAt(place: Place, anchor: Anchor | null): void {
    rooms.room(place).anchor = anchor
  }

  /** Return where the reader of a chat is, or was when they left it; null for the end. */
  const placeIn = (place: Place): Anchor | null => rooms.get(place)?.anchor ?? null

  /** Make the first message above `readUpTo` the first of the new ones; null for none. */
  function markUnread(place: Place, readUpTo: number | null): void {
    rooms.get(place)?.markUnread(readUpTo)
  }

  const loadBefore = (place: Place): Promise<void> => rooms.room(place).loadBefore()
  const loadAfter = (place: Place): Promise<void> => rooms.room(place).loadAfter()
  const loadAround = (place: Place, messageId: number): Promise<void> => rooms.room(place).loadAround(messageId)
  const loadNewest = (place: Place): Promise<void> => rooms.room(place).loadNewest()

  /** Send a message, now or once there is a connection, and bring a chat that shows older messages to its end. */
  function send(place: Place, content: string, replyTo: number | null = null): void {
    outbox.send(place, content, replyTo)
    markUnread(place, null)
    const { chat } = rooms.room(place)
    if (chat.moreAfter && chat.loading !== 'newest') void loadNewest(place)
  }

  const retry = (clientId: string): void => outbox.retry(clientId)
  const discard = (clientId: string): void => outbox.discard(clientId)

  // Commands on stored messages reject with CommandError, or with ConnectionLost: then the stream shows, once it is
  // back, whether they were executed.

  async function edit(id: number, content: string): Promise<void> {
    const { message } = await socket.request('edit', { message_id: id, content })
    publish({ type: 'message_edited', data: message })
  }

  async function remove({ id }: Message): Promise<void> {
    const { message } = await socket.request('delete', { message_id: id })
    const { sender_id, receiver_id, group_id, deleted_at } = message
    if (deleted_at === null) return
    publish({ type: 'message_deleted', data: { id, sender_id, receiver_id, group_id, deleted_at } })
  }

  async function react({ id }: Message, emoji: string, on: boolean): Promise<void> {
    const user_id = me()
    await socket.request(on ? 'react' : 'unreact', { message_id: id, emoji })
    publish({ type: 'reaction', data: { message_id: id, user_id, emoji, on } })
  }

  /** The stream of events starts here, perhaps again: reload the open chat. */
  function restart(): void {
    const isAnother = rooms.restart((place) => conversations.get(place)?.others_read_up_to ?? 0)
    if (isAnother && current !== null) void fill(current)
  }

  /** Retry what failed while there was no connection. */
  function resume(): void {
    current?.retry()
  }

  /** Forget which chat was open: it was another user's. */
  function reset(): void {
    current = null
  }

  return {
    chat,
    open,
    close,
    lookAt,
    placeIn,
    markUnread,
    loadBefore,
    loadAfter,
    loadAround,
    loadNewest,
    send,
    retry,
    discard,
    edit,
    remove,
    react,
    restart,
    resume,
    reset,
  }
})

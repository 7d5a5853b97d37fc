import { defineStore } from 'pinia'

import type { Message, ServerEvent } from '@/api/wire'
import { useApi } from '@/transport/api'
import { useWebSocket } from '@/transport/socket'
import { draftKey } from '@/offline/keys'
import { local } from '@/offline/local'
import { saveChat, savedChat } from '@/offline/snapshots'

import { useAuthStore } from './auth'
import { useConversationsStore } from './conversations'
import { dispatch } from './dispatch'
import { partner } from '@/model/messages'
import { type Chat, type Loading, PAGE, Room, type Stream } from './messages/room'
import { type Pending, useOutboxStore } from './outbox'
import { usePeopleStore } from './people'

export type { Chat, Loading, Pending }

/** With more unread messages than this, a chat opens at the first of them and not at its end. */
const UNREAD_AT_END = PAGE - 10

/** The chats: their messages, stored and on their way. */
export const useMessagesStore = defineStore('messages', () => {
  const api = useApi()
  const socket = useWebSocket()
  const auth = useAuthStore()
  const outbox = useOutboxStore()
  const people = usePeopleStore()
  const me = (): number => auth.user?.id ?? 0
  const rooms = new Map<number, Room>()
  /** The chat that the reader is in. */
  let current: Room | null = null
  let stream = newStream()

  function newStream(): Stream & { hasBegun: boolean; begin: () => void } {
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => (begin = resolve))
    return { begun, begin, hasBegun: false }
  }

  /** The chat with a user, be it open or not. */
  const chat = (userId: number): Chat => room(userId).chat

  function room(userId: number): Room {
    const known = rooms.get(userId)
    if (known !== undefined) return known
    const made = new Room(userId, {
      me,
      stream,
      fetch: (query, signal) => api.messages(query, signal),
      pending: (userId) => outbox.of(userId),
      learned(messages) {
        people.introduce(messages.map((message) => message.sender))
        outbox.settle(messages)
      },
      keep: (userId, newest) => void saveChat(me(), userId, newest),
    })
    rooms.set(userId, made)
    return made
  }

  /** Show a chat: at its end, or where the unread messages begin if they are many. */
  async function open(userId: number): Promise<void> {
    const opened = room(userId)
    const openedIn = stream
    current = opened
    opened.anchor = null
    if (!opened.chat.isLoaded) void showSnapshot(opened)
    await openedIn.begun
    if (stream !== openedIn || current !== opened) return
    const conversation = useConversationsStore().byUser(userId)
    const unread = conversation?.unread_count ?? 0
    const readUpTo = conversation?.read_up_to ?? 0
    opened.noteRead(conversation?.others_read_up_to ?? 0)
    opened.markUnread(unread > 0 ? readUpTo : null)
    if (opened.isLive && opened.timeline.above(readUpTo).length >= unread) return
    await (unread > UNREAD_AT_END ? opened.loadAround(Math.max(readUpTo, 1)) : opened.loadNewest())
  }

  /** The reader has left a chat. */
  function close(userId: number): void {
    rooms.get(userId)?.leave()
    if (current?.userId === userId) current = null
  }

  /** The reader looks at a message, or (null) at the end: should all have to be loaded again, that comes first. */
  function lookAt(userId: number, messageId: number | null): void {
    room(userId).anchor = messageId
  }

  async function showSnapshot(room: Room): Promise<void> {
    const messages = await savedChat(me(), room.userId)
    if (messages === undefined || rooms.get(room.userId) !== room) return
    people.introduce(messages.map((message) => message.sender))
    room.showOld(messages)
  }

  const loadBefore = (userId: number): Promise<void> => room(userId).loadBefore()
  const loadAfter = (userId: number): Promise<void> => room(userId).loadAfter()
  const loadAround = (userId: number, messageId: number): Promise<void> => room(userId).loadAround(messageId)
  const loadNewest = (userId: number): Promise<void> => room(userId).loadNewest()

  /** Send a message, now or when there is a connection; one that looks into the past is brought to the present. */
  function send(userId: number, content: string, replyTo: number | null = null): void {
    outbox.send(userId, content, replyTo)
    const { chat } = room(userId)
    if (chat.moreAfter && chat.loading !== 'newest') void loadNewest(userId)
  }

  const retry = (clientId: string): void => outbox.retry(clientId)
  const discard = (clientId: string): void => outbox.discard(clientId)

  // Commands on what is stored reject with CommandError, or with ConnectionLost: then the stream tells, once it is
  // back, whether they were carried out.

  async function edit({ id }: Message, content: string): Promise<void> {
    const { message } = await socket.request('edit', { message_id: id, content })
    dispatch({ type: 'message_edited', data: message })
  }

  async function remove({ id }: Message): Promise<void> {
    const { message } = await socket.request('delete', { message_id: id })
    const { sender_id, receiver_id, group_id, deleted_at } = message
    if (deleted_at === null) return
    dispatch({ type: 'message_deleted', data: { id, sender_id, receiver_id, group_id, deleted_at } })
  }

  async function react({ id }: Message, emoji: string, on: boolean): Promise<void> {
    const user_id = me()
    await socket.request(on ? 'react' : 'unreact', { message_id: id, emoji })
    dispatch({ type: 'reaction', data: { message_id: id, user_id, emoji, on } })
  }

  const draft = (userId: number): string => local.get(draftKey(me(), userId)) ?? ''

  function setDraft(userId: number, text: string): void {
    if (text === '') local.remove(draftKey(me(), userId))
    else local.set(draftKey(me(), userId), text)
  }

  /** The messages above one id and up to another; null where not all of them are here. */
  const between = (userId: number, above: number, upTo: number): Message[] | null =>
    rooms.get(userId)?.timeline.between(above, upTo) ?? null

  function apply(event: ServerEvent): void {
    switch (event.type) {
      case 'new_message':
      case 'message_edited':
      case 'message_deleted': {
        const userId = partner(event.data, me())
        if (userId !== null) rooms.get(userId)?.apply(event)
        break
      }
      case 'reaction':
        for (const room of rooms.values()) room.apply(event)
        break
      case 'read':
        if (event.data.user_id === me()) rooms.get(event.data.reader_id)?.noteRead(event.data.up_to)
        break
    }
  }

  /** The stream of events begins here, perhaps anew: pages from before are of no use. The open chat comes first. */
  function restart(): void {
    const conversations = useConversationsStore()
    for (const room of rooms.values()) room.restart(conversations.byUser(room.userId)?.others_read_up_to ?? 0)
    if (stream.hasBegun) void current?.reload()
    stream.hasBegun = true
    stream.begin()
  }

  /** Do what could not be done before. */
  function resume(): void {
    current?.retry()
  }

  /** Forget everything: it was another user's. */
  function reset(): void {
    for (const room of rooms.values()) room.dispose()
    rooms.clear()
    current = null
    stream = newStream()
  }

  return {
    chat,
    open,
    close,
    lookAt,
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
    draft,
    setDraft,
    between,
    apply,
    restart,
    resume,
    reset,
  }
})

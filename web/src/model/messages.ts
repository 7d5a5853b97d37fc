import type { Message, Reaction, ServerEvent } from '@/api/wire'

import { groupPlace, type Place, userPlace } from './places'
import { isSameReaction, unnamed } from './reactions'

/** Where a reader is in a chat: the topmost message in view, and how far below the upper edge it begins, in pixels. */
export interface Anchor {
  readonly id: number
  readonly offset: number
}

/** Where a message was sent: to a group, or between `me` and one other; null where the message does not say. */
export function placeOfMessage(
  { sender_id, receiver_id, group_id }: Pick<Message, 'sender_id' | 'receiver_id' | 'group_id'>,
  me: number,
): Place | null {
  if (group_id !== null) return groupPlace(group_id)
  if (receiver_id === null) return null
  return userPlace(sender_id === me ? receiver_id : sender_id)
}

/** Whether a message in a group names somebody, answers them, or names everybody. */
export function names({ sender_id, mentions, mentions_all }: Message, user: number): boolean {
  return sender_id !== user && (mentions_all === true || mentions?.includes(user) === true)
}

/** The message after an event: the same object where the event does not change it. */
export function afterEvent(message: Message, event: ServerEvent): Message {
  // A page may be ahead of the events: what is deleted there stays deleted, whatever later events say.
  if (message.deleted_at !== null) return message
  switch (event.type) {
    case 'new_message': {
      const { id, thread } = event.data
      if (thread !== message.id || id <= (message.last_reply ?? 0)) return message
      return { ...message, replies: (message.replies ?? 0) + 1, last_reply: id }
    }
    case 'message_edited': {
      const { id, content, edited_at, deleted_at } = event.data
      if (id !== message.id) return message
      if (deleted_at !== null) return { ...deleted(message, deleted_at), edited_at }
      if (content === message.content && edited_at === message.edited_at) return message
      const { mentions = [], mentions_all = false } = event.data
      return { ...message, content, edited_at, ...(message.mentions && { mentions, mentions_all }) }
    }
    case 'message_deleted':
      return event.data.id === message.id ? deleted(message, event.data.deleted_at) : message
    case 'messages_removed': {
      const { group_id, user_id, from_id, to_id } = event.data
      const { id, sender_id } = message
      if (message.group_id !== group_id || sender_id !== user_id || id < from_id || id > to_id) return message
      return { ...deleted(message, new Date().toISOString()), removed: true }
    }
    case 'reaction': {
      if (event.data.message_id !== message.id) return message
      const reactions = reacted(message.reactions, event.data)
      return reactions === message.reactions ? message : { ...message, reactions }
    }
    default:
      return message
  }
}

function deleted(message: Message, deleted_at: string): Message {
  return { ...message, content: '', reactions: [], deleted_at }
}

/** Reactions in the server's order: by emoji, and by user. */
function reacted(
  reactions: Reaction[],
  { emoji, user_id, on }: { emoji: string; user_id: number; on: boolean },
): Reaction[] {
  const known = reactions.find((reaction) => isSameReaction(reaction.emoji, emoji))
  const before = known?.user_ids ?? []
  const isNamed = before.includes(user_id)
  if (isNamed === on && (on || unnamed(known) === 0)) return reactions
  const others = reactions.filter((reaction) => !isSameReaction(reaction.emoji, emoji))
  const user_ids = on ? [...before, user_id].sort((a, b) => a - b) : before.filter((id) => id !== user_id)
  const count = user_ids.length + unnamed(known) - (!on && !isNamed ? 1 : 0)
  if (count === 0) return others
  return [...others, { emoji, count, user_ids }].sort((a, b) => compareCodePoints(a.emoji, b.emoji))
}

function compareCodePoints(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0) ?? 0)
  const right = Array.from(b, (character) => character.codePointAt(0) ?? 0)
  const index = left.findIndex((point, index) => point !== right[index])
  return index < 0 ? left.length - right.length : (left[index] ?? 0) - (right[index] ?? -1)
}

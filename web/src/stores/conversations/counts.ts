import type { Conversation, Message } from '@/api/wire'
import { placeOfConversation } from '@/model/conversations'
import { names } from '@/model/messages'
import type { Place } from '@/model/places'

import { lastId } from './order'

/** What is unread in a conversation; in a group also how much of it names the reader. */
export type Counts = Pick<Conversation, 'unread_count' | 'mention_count'>

/** What counting needs to know. */
interface Known {
  me: () => number
  between: (place: Place, above: number, upTo: number) => Message[] | null
}

/**
 * Return what would be unread if the marker were at `upTo`; null if that is not known.
 *
 * @param isSure whether the counts of the conversation are up to date.
 */
export function countsAbove(conversation: Conversation, upTo: number, known: Known, isSure: boolean): Counts | null {
  const { group, mention_count = 0 } = conversation
  const unread_count = unreadAbove(conversation, upTo, known, isSure)
  if (unread_count === null) return null
  if (group === undefined) return { unread_count }
  if (mention_count === 0 || upTo >= lastId(conversation)) return { unread_count, mention_count: 0 }
  const rest = known.between(placeOfConversation(conversation), upTo, lastId(conversation))
  if (rest === null) return null
  const naming = rest.filter((message) => message.deleted_at === null && names(message, known.me()))
  return { unread_count, mention_count: naming.length }
}

function unreadAbove(conversation: Conversation, upTo: number, known: Known, isSure: boolean): number | null {
  const { between } = known
  const me = known.me()
  const place = placeOfConversation(conversation)
  const end = lastId(conversation)
  if (upTo >= end) return 0
  const isGone = (message: Message): boolean => message.deleted_at !== null
  const theirs = (messages: Message[]): Message[] => messages.filter((message) => message.sender_id !== me)
  const rest = between(place, upTo, end)
  if (rest !== null) return theirs(rest).filter((message) => !isGone(message)).length
  if (!isSure) return null
  const read = between(place, conversation.read_up_to, upTo)
  // If one of them is deleted, its event may still be on the way, so the count may or may not include it.
  if (read === null || theirs(read).some(isGone)) return null
  return Math.max(0, conversation.unread_count - theirs(read).length)
}

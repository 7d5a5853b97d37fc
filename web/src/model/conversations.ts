import type { Brief, Conversation, Group, MeInGroup } from '@/api/wire'

import { groupPlace, keyOf, type Place, type PlaceKey, userPlace } from './places'

/** A conversation in a group that one is in. */
export type GroupConversation = Conversation & { group: Group; me: MeInGroup }

/** Where a conversation is held: with a user, or in a group. */
export function placeOfConversation({ user, group }: Conversation): Place {
  return user === undefined ? groupPlace(group!.id) : userPlace(user.id)
}

export function keyOfConversation(conversation: Conversation): PlaceKey {
  return keyOf(placeOfConversation(conversation))
}

/** The people that conversations are with. */
export function peopleOf(conversations: readonly Conversation[]): Brief[] {
  return conversations.flatMap(({ user }) => user ?? [])
}

/** What is to disturb somebody in a conversation: in a private one everything. */
export function levelOf({ me }: Conversation, now = Date.now()): string {
  return isMuted(me, now) ? 'none' : (me?.notify ?? 'all')
}

/** Whether nothing in a group is to disturb somebody for a time. */
export function isMuted(me: MeInGroup | undefined, now = Date.now()): boolean {
  return Date.parse(me?.muted_until ?? '') > now
}

/** How many unread messages of a conversation are to disturb somebody. */
export function disturbing(conversation: Conversation): number {
  const level = levelOf(conversation)
  return level === 'all' ? conversation.unread_count : level === 'none' ? 0 : (conversation.mention_count ?? 0)
}

import type { Brief, Conversation } from '@/api/wire'

import { groupPlace, isShown, type Place, userPlace } from './places'

/** A conversation with one person. */
export type PrivateConversation = Conversation & { user: Brief }

/** Where a conversation is held: with a user, or in a group. */
export function placeOfConversation({ user, group }: Conversation): Place | null {
  if (user !== undefined) return userPlace(user.id)
  return group === undefined ? null : groupPlace(group.id)
}

/** Whether the interface shows a conversation: for now those with people. */
export function isShownConversation(conversation: Conversation): conversation is PrivateConversation {
  const place = placeOfConversation(conversation)
  return place !== null && isShown(place)
}

/** The people that conversations are with. */
export function peopleOf(conversations: readonly Conversation[]): Brief[] {
  return conversations.flatMap(({ user }) => user ?? [])
}

import { shallowReactive } from 'vue'

import type { Brief } from '@/api/wire'

/** Whom each user has invited to each group since the page was loaded: the server tells nobody. */
const sent = shallowReactive(new Map<string, readonly Brief[]>())

const keyOf = (me: number, group: number): string => `${me} ${group}`

export function sentInvitations(me: number, group: number): readonly Brief[] {
  return sent.get(keyOf(me, group)) ?? []
}

/** Note that `user` was invited or, if `on` is false, is so no longer. */
export function noteInvitation(me: number, group: number, user: Brief, on: boolean): void {
  const others = sentInvitations(me, group).filter(({ id }) => id !== user.id)
  sent.set(keyOf(me, group), on ? [...others, user] : others)
}

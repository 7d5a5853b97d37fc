import { keyOf, type Place } from '@/model/places'

import { local } from './local'

const keyOfDraft = (me: number, place: Place): string => `${draftPrefix(me)}${keyOf(place)}`

/** What the keys of all of a user's drafts begin with. */
export const draftPrefix = (me: number): string => `chatd.draft.${me}.`

/** What a user has begun to write to a place; empty where there is nothing. */
export function readDraft(me: number, place: Place): string {
  return local.get(keyOfDraft(me, place)) ?? ''
}

export function writeDraft(me: number, place: Place, text: string): void {
  if (text === '') local.remove(keyOfDraft(me, place))
  else local.set(keyOfDraft(me, place), text)
}

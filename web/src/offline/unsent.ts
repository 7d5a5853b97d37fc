import { groupPlace, type Place, userPlace } from '@/model/places'

import { local, onChangedElsewhere, parsed } from './local'

/** A message on its way to the server. */
export interface Pending {
  clientId: string
  place: Place
  content: string
  replyTo: number | null
  createdAt: string
  state: 'pending' | 'failed'
  /** Why it failed: the code of the server's error. */
  code: string | null
}

/** A pending message as it is stored. */
export interface Entry extends Pending {
  /** Its position among the others. */
  order: number
}

/**
 * The stored form. It names a person by `userId`, as it did before there were groups: what an earlier version stored
 * can still be sent, and a tab that still runs that version can send what this one stores.
 */
type Stored = Omit<Entry, 'place'> & ({ userId: number } | { groupId: number })

/** What the keys of all of a user's unsent messages begin with. */
export const unsentPrefix = (me: number): string => `chatd.outbox.${me}.`

/** The messages a user has not sent yet, in no order. */
export function readUnsent(me: number): Entry[] {
  return local.keys(unsentPrefix(me)).flatMap((key) => decode(local.get(key)) ?? [])
}

export function writeUnsent(me: number, entry: Entry): void {
  local.set(unsentPrefix(me) + entry.clientId, encode(entry))
}

export function removeUnsent(me: number, clientId: string): void {
  local.remove(unsentPrefix(me) + clientId)
}

/**
 * Call `handler` when another tab stores or removes an unsent message.
 *
 * @param me says whose messages are meant at that time.
 * @param handler gets the entry, or null where it was removed.
 */
export function onUnsentElsewhere(me: () => number, handler: (clientId: string, entry: Entry | null) => void): void {
  onChangedElsewhere((key, value) => {
    const prefix = unsentPrefix(me())
    if (key?.startsWith(prefix)) handler(key.slice(prefix.length), decode(value))
  })
}

function encode({ place: { kind, id }, ...rest }: Entry): string {
  return JSON.stringify({ ...rest, ...(kind === 'user' ? { userId: id } : { groupId: id }) } satisfies Stored)
}

function decode(text: string | null): Entry | null {
  const stored = parsed<Stored>(text)
  if (typeof stored !== 'object' || stored === null) return null
  if ('groupId' in stored) {
    const { groupId, ...rest } = stored
    return { ...rest, place: groupPlace(groupId) }
  }
  const { userId, ...rest } = stored
  return { ...rest, place: userPlace(userId) }
}

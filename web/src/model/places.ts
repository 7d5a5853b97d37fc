/** A user or a group that one can write to. */
export interface Place {
  readonly kind: 'user' | 'group'
  readonly id: number
}

/**
 * A place as text: `12` is user 12, `g5` is group 5. One form serves for maps and what the browser stores. People have no letter because they had their addresses and stored drafts before there were groups.
 */
export type PlaceKey = `${number}` | `g${number}`

export function userPlace(id: number): Place {
  return { kind: 'user', id }
}

export function groupPlace(id: number): Place {
  return { kind: 'group', id }
}

export function keyOf({ kind, id }: Place): PlaceKey {
  return kind === 'user' ? `${id}` : `g${id}`
}

/** The place that `key` names; null where it names none. */
export function placeOfKey(key: string): Place | null {
  const [, letter, digits] = /^(g?)([1-9]\d{0,15})$/.exec(key) ?? []
  if (digits === undefined) return null
  return letter === 'g' ? groupPlace(Number(digits)) : userPlace(Number(digits))
}

export function isSamePlace(one: Place, other: Place): boolean {
  return one.kind === other.kind && one.id === other.id
}

/** The place as queries and commands name it. */
export function addressOf({ kind, id }: Place): { user: number } | { group: number } {
  return kind === 'user' ? { user: id } : { group: id }
}

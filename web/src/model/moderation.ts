/** What admins do to members of a group. */
export const DEEDS = ['remove', 'silence', 'kick', 'ban'] as const
export type Deed = (typeof DEEDS)[number]

export function isDeed(text: string): text is Deed {
  return (DEEDS as readonly string[]).includes(text)
}

const RANKS: Readonly<Record<string, number>> = { member: 1, admin: 2, owner: 3 }

/** Whether somebody with the role `mine` may act on somebody with the role `theirs`; undefined: on no member. */
export function isAbove(mine: string, theirs: string | undefined): boolean {
  return governs(mine) && (RANKS[mine] ?? 0) > (RANKS[theirs ?? ''] ?? 0)
}

/** Whether a role is one of those that look after a group. */
export function governs(role: string): boolean {
  return role === 'admin' || role === 'owner'
}

/** What can be done to somebody: who is not in the group can only be kept from it, and lose what they wrote. */
export function deedsOn(mine: string, theirs: string | undefined): readonly Deed[] {
  if (!isAbove(mine, theirs)) return []
  return theirs === undefined ? ['remove', 'ban'] : DEEDS
}

const HOUR_MS = 3_600_000

/** How long a silence or a ban lasts, in milliseconds; `ever`: for good. */
export const SPANS = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 168 * HOUR_MS,
  month: 720 * HOUR_MS,
  ever: null,
} as const
export type Span = keyof typeof SPANS

/** When what begins now ends, as the server reads it; null: never. */
export function endOf(span: Span, now = Date.now()): string | null {
  const ms = SPANS[span]
  return ms === null ? null : new Date(now + ms).toISOString()
}

import type { Message } from '@/api/wire'
import type { Pending } from '@/stores/messages'

import { isSameDay } from '@/text/times'

/** A row of the log: a stored message, or one on its way to the server. */
export type Row = Message | Pending

/** Messages of one person closer than this are grouped, in milliseconds. */
const TOGETHER_MS = 5 * 60_000

export function isPending(row: Row): row is Pending {
  return 'clientId' in row
}

/** Return the key of a row while it is shown: the user's own message keeps it when the server stores the message. */
export function rowKey(row: Row, me: number): string {
  if (isPending(row)) return `c${row.clientId}`
  return row.sender_id === me && row.client_id !== null ? `c${row.client_id}` : `m${row.id}`
}

export function rowTime(row: Row): Date {
  return new Date(isPending(row) ? row.createdAt : row.created_at)
}

export function senderOf(row: Row, me: number): number {
  return isPending(row) ? me : row.sender_id
}

/** Report whether a new day begins with `row`. */
export function startsDay(previous: Row | undefined, row: Row): boolean {
  return !previous || !isSameDay(rowTime(previous), rowTime(row))
}

/** Report whether `row` begins a new group: another sender, another day, or some minutes later. */
export function startsGroup(previous: Row | undefined, row: Row, me: number): boolean {
  return (
    !previous ||
    senderOf(previous, me) !== senderOf(row, me) ||
    rowTime(row).getTime() - rowTime(previous).getTime() > TOGETHER_MS ||
    startsDay(previous, row)
  )
}

/** Return the index of message `id` among the first `count` rows, which are messages with ascending ids; or -1. */
export function indexOfMessage(rows: readonly Row[], count: number, id: number): number {
  const index = positionOfMessage(rows, count, id)
  const row = rows[index]
  return index < count && row && !isPending(row) && row.id === id ? index : -1
}

/** Return the index of the first of these messages with an id of at least `id`; `count` if there is none. */
export function positionOfMessage(rows: readonly Row[], count: number, id: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    const row = rows[middle]!
    if (!isPending(row) && row.id < id) low = middle + 1
    else high = middle
  }
  return low
}

/** How the rows shown become the next ones, for a list that keeps its position. */
export type Change =
  | { kind: 'same' }
  /** `before` rows were added at the start and `after` at the end (negative: removed). */
  | { kind: 'grown'; before: number; after: number }
  /** Another part of the history is shown. */
  | { kind: 'replaced' }

/**
 * Compare by the first row and the lengths alone, so that the cost does not grow with the history.
 *
 * @param messages how many of `next` are messages; the rest are pending.
 */
export function compareRows(shown: readonly Row[], next: readonly Row[], messages: number, me: number): Change {
  const first = shown[0]
  if (!first) return next.length > 0 ? { kind: 'replaced' } : { kind: 'same' }
  const before = isPending(first)
    ? findKey(next, messages, rowKey(first, me), me)
    : indexOfMessage(next, messages, first.id)
  if (before < 0) return { kind: 'replaced' }
  const after = next.length - before - shown.length
  return before === 0 && after === 0 ? { kind: 'same' } : { kind: 'grown', before, after }
}

/** Rows that can have the key of a pending one are at the end. */
function findKey(rows: readonly Row[], messages: number, key: string, me: number): number {
  for (let index = rows.length - 1; index >= Math.max(0, messages - 200); index -= 1) {
    if (rowKey(rows[index]!, me) === key) return index
  }
  return -1
}

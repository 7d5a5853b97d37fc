import type { Conversation } from '@/api/wire'

/** Which conversations the list shows. */
export const KINDS = ['all', 'unread', 'mentions', 'groups'] as const
export type Kind = (typeof KINDS)[number]

export function isOfKind({ unread_count, mention_count, group }: Conversation, kind: Kind): boolean {
  if (kind === 'unread') return unread_count > 0
  if (kind === 'mentions') return !!mention_count
  return kind === 'all' || group !== undefined
}

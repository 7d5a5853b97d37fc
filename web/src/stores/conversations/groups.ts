import type { Conversation, ServerEvent } from '@/api/wire'

/** What becomes of a group's conversation: another one, nothing of it, or something that only the server knows. */
export type Outcome = Conversation | 'gone' | 'unsure'

/** How somebody comes into a group. */
const COMING: ReadonlySet<string> = new Set(['created', 'joined', 'restored'])

/** The number of the group that an event is about; null where it is about none. */
export function groupOf(event: ServerEvent): number | null {
  switch (event.type) {
    case 'group':
      return event.data.id
    case 'group_ended':
    case 'membership':
    case 'moderated':
    case 'notify':
      return event.data.group_id
    default:
      return null
  }
}

/**
 * A group's conversation after an event of {@link groupOf}.
 *
 * @param known null where it is not known.
 */
export function afterGroupEvent(known: Conversation | null, event: ServerEvent, me: number): Outcome | null {
  if (event.type === 'group_ended') return 'gone'
  if (event.type === 'membership' && event.data.user_id === me) {
    const { role, how } = event.data
    if (role === null) return 'gone'
    if (!known?.me || COMING.has(how)) return 'unsure'
    return { ...known, me: { ...known.me, role } }
  }
  if (!known?.group) return null
  if (event.type === 'group') return { ...known, group: event.data }
  if (event.type === 'membership') {
    const by = event.data.role === null ? -1 : COMING.has(event.data.how) ? 1 : 0
    return { ...known, group: { ...known.group, member_count: known.group.member_count + by } }
  }
  if (event.type === 'moderated' && known.me && event.data.kind === 'silence') {
    return { ...known, me: { ...known.me, silenced_until: event.data.undone ? null : event.data.until } }
  }
  if (event.type !== 'notify' || !known.me) return null
  const { notify, muted_until } = event.data
  return { ...known, me: { ...known.me, notify, muted_until } }
}

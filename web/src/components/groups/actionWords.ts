import type { Action, ActionValues } from '@/api/wire'
import type { AnyKey, Translate } from '@/i18n'
import { nameOf } from '@/text/names'

/** Say what was done, by whom and to whom. */
export function sentence(action: Action, t: Translate<AnyKey>): string {
  const { kind, user, after } = action
  const names = { actor: nameOf(action.actor), user: user ? nameOf(user) : '' }
  if (kind === 'remove') {
    const isOne = action.from_id !== null && action.from_id === action.to_id
    return t(isOne ? 'moderation.log.removeOne' : 'moderation.log.remove', names)
  }
  if (kind === 'ban' || kind === 'kick' || kind === 'silence') {
    const said = t(`moderation.log.${kind}`, names)
    return action.from_id === null ? said : `${said}, ${t('moderation.log.took')}`
  }
  if (kind === 'role') return t('moderation.log.role', { ...names, role: roleOf(after?.role, t) })
  if (kind === 'change') {
    return t('moderation.log.change', { ...names, what: changes(action.before ?? {}, after ?? {}, t).join(', ') })
  }
  // A newer server may do more than this client knows of.
  return t('moderation.log.other', { ...names, kind })
}

function roleOf(role: string | undefined, t: Translate<AnyKey>): string {
  return role === 'owner' || role === 'admin' || role === 'member' ? t(`moderation.log.roles.${role}`) : (role ?? '')
}

/** Say what has changed of a group, each in a few words. */
export function changes(before: ActionValues, after: ActionValues, t: Translate<AnyKey>): string[] {
  const said: string[] = []
  if (after.name !== undefined) {
    said.push(t('moderation.log.changes.name', { before: before.name ?? '', after: after.name }))
  }
  if ('description' in after) said.push(t('moderation.log.changes.description'))
  if ('avatar_path' in after) said.push(t('moderation.log.changes.avatar_path'))
  if (after.public !== undefined) said.push(t(`moderation.log.changes.${after.public ? 'public' : 'private'}`))
  if ('history_since' in after) said.push(t('moderation.log.changes.history'))
  if (after.post !== undefined) {
    said.push(t(`moderation.log.changes.${after.post === 'admin' ? 'postAdmin' : 'postMember'}`))
  }
  if (after.invite !== undefined) {
    said.push(t(`moderation.log.changes.${after.invite === 'admin' ? 'inviteAdmin' : 'inviteMember'}`))
  }
  if (after.slow_seconds !== undefined) said.push(t('moderation.log.changes.slow'))
  return said
}

/** Whether a ban or a silence still holds. */
export function isInForce({ kind, until, ended_at, undone_at }: Action, now: number): boolean {
  const lasts = kind === 'ban' || kind === 'silence'
  return lasts && ended_at === null && undone_at === null && (until === null || Date.parse(until) > now)
}

import type { Group } from '@/api/wire'
import { type AnyKey, languageTag, type Translate } from '@/i18n'
import { fullDate, regional } from '@/text/times'

/** Say what those see of a group's history who join now. */
export function newcomersSee({ history_since }: Group, t: Translate<AnyKey>): string {
  if (history_since === null) return t('groups.history.newJoined')
  return t('groups.history.newAll', { when: fullDate(new Date(history_since), regional(languageTag())) })
}

/** Say how often each member may write. */
export function slowWords(seconds: number, t: Translate<AnyKey>): string {
  if (seconds === 0) return t('groups.settings.fast')
  if (seconds % 3600 === 0) return t('groups.settings.hours', seconds / 3600)
  if (seconds % 60 === 0) return t('groups.settings.minutes', seconds / 60)
  return t('groups.settings.seconds', seconds)
}

/** Say who may do what in a group, as far as that is not everybody. */
export function rulesInWords({ rules, slow_seconds }: Group, t: Translate<AnyKey>): string[] {
  const said: string[] = []
  if (rules.post === 'admin') said.push(t('groups.rules.post'))
  if (rules.invite === 'admin') said.push(t('groups.rules.invite'))
  if (slow_seconds > 0) said.push(t('groups.rules.slow', { pace: slowWords(slow_seconds, t) }))
  return said
}

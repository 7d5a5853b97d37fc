/** What may be done in a group, in words. */

import { expect, it } from 'vitest'

import type { Group } from '@/api/wire'
import { noteInvitation, sentInvitations } from '@/components/groups/sentInvitations'
import { newcomersSee, rulesInWords, slowWords } from '@/components/groups/ruleWords'
import { useAllTexts } from '@/composables/useAllTexts'

const { t } = useAllTexts()

const group = (given: Partial<Group>): Group => ({
  id: 1,
  name: 'Chess',
  description: null,
  avatar_path: null,
  public: false,
  approval: false,
  history: 'joined',
  history_since: null,
  rules: { post: 'member', invite: 'member', pin: 'admin' },
  slow_seconds: 0,
  member_count: 2,
  large: false,
  created_at: '2026-01-31T08:15:00.000Z',
  ...given,
})

it('what everybody may do needs no words, and what is for admins alone has a sentence', () => {
  expect(rulesInWords(group({}), t)).toEqual([])
  const strict = group({ rules: { post: 'admin', invite: 'admin', pin: 'admin' }, slow_seconds: 90 })
  expect(rulesInWords(strict, t)).toEqual([
    'Only admins write here.',
    'Only admins invite others.',
    'Members write once in 90 seconds.',
  ])
})

it('a pace is said in the largest unit that fits', () => {
  const said = [0, 1, 60, 61, 300, 3600, 21_600].map((seconds) => slowWords(seconds, t))
  expect(said).toEqual([
    'as often as they like',
    'once in 1 second',
    'once in 1 minute',
    'once in 61 seconds',
    'once in 5 minutes',
    'once in 1 hour',
    'once in 6 hours',
  ])
})

it('newcomers are told where the history begins for them', () => {
  expect(newcomersSee(group({}), t)).toBe('New members see only what is written after they join.')
  expect(newcomersSee(group({ history_since: '2026-05-03T12:00:00.000Z' }), t)).toContain('May 3, 2026')
})

it('whom one has invited is known to nobody else who signs in here', () => {
  const ben = { id: 2, username: 'ben', nickname: 'Ben', avatar_path: null, is_ai: false }
  noteInvitation(1, 5, ben, true)
  noteInvitation(1, 5, ben, true)
  expect(sentInvitations(1, 5)).toEqual([ben])
  expect(sentInvitations(3, 5)).toEqual([])
  noteInvitation(1, 5, ben, false)
  expect(sentInvitations(1, 5)).toEqual([])
})

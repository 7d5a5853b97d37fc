/** Who may do what to whom in a group, and how the log says what was done. */

import { describe, expect, it } from 'vitest'

import type { Action } from '@/api/wire'
import { changes, isInForce, sentence } from '@/components/groups/actionWords'
import { useAllTexts } from '@/composables/useAllTexts'
import { deedsOn, endOf, isAbove } from '@/model/moderation'

const { t } = useAllTexts()

const person = (id: number, nickname: string) => ({ id, username: nickname, nickname, avatar_path: null, is_ai: false })
const ANN = person(1, 'Ann')
const BEN = person(2, 'Ben')

const action = (given: Partial<Action>): Action => ({
  id: 1,
  group_id: 3,
  kind: 'ban',
  actor: ANN,
  user: BEN,
  reason: null,
  from_id: null,
  to_id: null,
  until: null,
  before: null,
  after: null,
  created_at: '2026-01-31T08:15:00.000Z',
  undone_at: null,
  undone_by: null,
  ended_at: null,
  undoable: true,
  ...given,
})

describe('what somebody may do', () => {
  it('is nothing to people of the same role or a higher one', () => {
    expect(deedsOn('admin', 'admin')).toEqual([])
    expect(deedsOn('admin', 'owner')).toEqual([])
    expect(deedsOn('owner', 'owner')).toEqual([])
    expect(deedsOn('member', undefined)).toEqual([])
    expect(isAbove('member', undefined)).toBe(false)
  })

  it('is everything to people of a lower role, and only some of it to people who have left', () => {
    expect(deedsOn('admin', 'member')).toEqual(['remove', 'silence', 'kick', 'ban'])
    expect(deedsOn('owner', 'admin')).toEqual(['remove', 'silence', 'kick', 'ban'])
    expect(deedsOn('admin', undefined)).toEqual(['remove', 'ban'])
  })

  it('ends when it is said to, or never', () => {
    expect(endOf('day', 0)).toBe('1970-01-02T00:00:00.000Z')
    expect(endOf('ever', 0)).toBeNull()
  })
})

describe('the log', () => {
  it('says who has done what to whom', () => {
    expect(sentence(action({}), t)).toBe('Ann banned Ben')
    expect(sentence(action({ from_id: 3, to_id: 9 }), t)).toBe('Ann banned Ben, with their messages')
    expect(sentence(action({ kind: 'remove', from_id: 3, to_id: 3 }), t)).toBe('Ann removed a message of Ben')
    expect(sentence(action({ kind: 'remove', from_id: 3, to_id: 4 }), t)).toBe('Ann removed messages of Ben')
    expect(sentence(action({ kind: 'role', after: { role: 'admin' } }), t)).toBe('Ann made Ben an admin')
    expect(
      sentence(action({ kind: 'change', user: null, before: { post: 'member' }, after: { post: 'admin' } }), t),
    ).toBe('Ann changed the group: only admins write')
  })

  it('says what a newer server does by its name', () => {
    expect(sentence(action({ kind: 'approve' }), t)).toBe('Ann: approve')
  })

  it('says every part of a change', () => {
    const before = { name: 'Go', public: false, description: null, history_since: null, invite: 'member' }
    const after = {
      name: 'Chess',
      public: true,
      description: 'x',
      history_since: null,
      invite: 'admin',
      slow_seconds: 5,
    }
    expect(changes(before, after, t)).toEqual([
      'its name from “Go” to “Chess”',
      'its description',
      'public',
      'what new members see',
      'only admins invite',
      'slow mode',
    ])
  })

  it('knows what still holds', () => {
    const now = Date.parse('2026-02-01T00:00:00Z')
    expect(isInForce(action({}), now)).toBe(true)
    expect(isInForce(action({ until: '2026-02-02T00:00:00Z' }), now)).toBe(true)
    expect(isInForce(action({ until: '2026-01-31T09:00:00Z' }), now)).toBe(false)
    expect(isInForce(action({ undone_at: '2026-01-31T09:00:00Z' }), now)).toBe(false)
    expect(isInForce(action({ ended_at: '2026-01-31T09:00:00Z' }), now)).toBe(false)
    expect(isInForce(action({ kind: 'kick' }), now)).toBe(false)
  })
})

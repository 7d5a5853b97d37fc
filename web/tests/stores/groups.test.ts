import { beforeEach, expect, test } from 'vitest'

import type { Conversation, Group, Message, ServerEvent } from '@/api/wire'
import { groupPlace, keyOf, userPlace } from '@/model/places'
import { Ledger } from '@/stores/conversations/ledger'

import { brief, ME, Model } from './model'

const GROUP = groupPlace(2)

let ledger: Ledger

function conversation(unread_count: number): Conversation {
  const group: Group = {
    id: 2,
    name: 'Everybody',
    description: null,
    avatar_path: null,
    public: false,
    history: 'all',
    history_since: null,
    rules: { post: 'member', invite: 'member' },
    member_count: 3,
    created_at: '2026-01-31T08:15:00.000Z',
  }
  return { group, last_message: null, unread_count, read_up_to: 0, others_read_up_to: 0 }
}

function left(seq: number, user_id: number): ServerEvent {
  return { type: 'membership', seq, data: { group_id: 2, user_id, role: null, how: 'left', user: brief(user_id) } }
}

function said(id: number, sender_id: number): ServerEvent {
  const template = new Model().send(sender_id, 9)
  const data: Message = { ...template, id, receiver_id: null, group_id: 2 }
  return { type: 'new_message', seq: id, data }
}

function read(reader_id: number, up_to: number): ServerEvent {
  return { type: 'read', seq: 100 + up_to, data: { reader_id, user_id: null, group_id: 2, up_to } }
}

beforeEach(() => {
  ledger = new Ledger({ me: () => ME, brief, between: () => null })
  ledger.restart()
})

test('a group is counted for itself, beside the user of the same number', () => {
  ledger.merge(ledger.expect(), [conversation(0)], 0)
  ledger.complete()
  ledger.apply(said(1, 2))
  ledger.apply(said(2, ME))
  expect(ledger.get(GROUP)).toMatchObject({ unread_count: 1, last_message: { id: 2 } })
  expect(ledger.get(userPlace(2))).toBeUndefined()
  ledger.apply(read(2, 2))
  expect(ledger.get(GROUP)).toMatchObject({ unread_count: 1, others_read_up_to: 0 })
  ledger.apply(read(ME, 2))
  expect(ledger.get(GROUP)).toMatchObject({ unread_count: 0, read_up_to: 2 })
})

test('a group that is not known is one to read', () => {
  ledger.apply(said(5, 2))
  expect(ledger.list()).toEqual([])
  expect([...ledger.unsure]).toEqual([[keyOf(GROUP), 5]])
})

test('a group that one has left is gone', () => {
  ledger.merge(ledger.expect(), [conversation(3)], 0)
  ledger.apply(left(1, 3))
  expect(ledger.get(GROUP)).toBeDefined()
  ledger.apply(left(2, ME))
  expect(ledger.get(GROUP)).toBeUndefined()
})

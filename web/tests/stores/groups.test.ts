import { beforeEach, expect, test } from 'vitest'

import type { Conversation, EventData, Group, MeInGroup, Message, ServerEvent } from '@/api/wire'
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
    rules: { post: 'member', invite: 'member', pin: 'member' },
    slow_seconds: 0,
    approval: false,
    member_count: 3,
    large: false,
    created_at: '2026-01-31T08:15:00.000Z',
  }
  const me: MeInGroup = {
    role: 'member',
    joined_at: group.created_at,
    visible_from: 1,
    notify: 'all',
    muted_until: null,
    silenced_until: null,
  }
  return { group, me, last_message: null, unread_count, mention_count: 0, read_up_to: 0, others_read_up_to: 0 }
}

function membership(user_id: number): EventData['membership'] {
  return { group_id: 2, user_id, role: 'member', how: 'joined', user: brief(user_id) }
}

function joined(seq: number, user_id: number): ServerEvent {
  return { type: 'membership', seq, data: membership(user_id) }
}

function left(seq: number, user_id: number): ServerEvent {
  return { type: 'membership', seq, data: { ...membership(user_id), role: null, how: 'left' } }
}

function message(id: number, sender_id: number, changes: Partial<Message>): Message {
  const template = new Model().send(sender_id, 9)
  return { ...template, id, receiver_id: null, group_id: 2, mentions: [], mentions_all: false, ...changes }
}

function said(id: number, sender_id: number, changes: Partial<Message> = {}): ServerEvent {
  return { type: 'new_message', seq: id, data: message(id, sender_id, changes) }
}

function edited(id: number, changes: Partial<Message>): ServerEvent {
  const data = message(id, 2, { content: 'other', edited_at: '2026-01-31T09:15:00.000Z', ...changes })
  return { type: 'message_edited', seq: 100 + id, data }
}

function deleted(id: number): ServerEvent {
  const deleted_at = '2026-01-31T09:15:00.000Z'
  return {
    type: 'message_deleted',
    seq: 100 + id,
    data: { id, sender_id: 2, receiver_id: null, group_id: 2, deleted_at },
  }
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

test('mentions are counted while they are unread, and taken back with what is read', () => {
  ledger.merge(ledger.expect(), [conversation(0)], 0)
  ledger.complete()
  ledger.apply(said(1, 2, { mentions: [ME] }))
  ledger.apply(said(2, 2, { mentions_all: true }))
  ledger.apply(said(3, 2, { mentions: [3] }))
  ledger.apply(said(4, ME, { mentions: [ME] }))
  expect(ledger.get(GROUP)).toMatchObject({ unread_count: 3, mention_count: 2 })
  expect(ledger.unsure.size).toBe(0)
  ledger.apply(read(ME, 4))
  expect(ledger.get(GROUP)).toMatchObject({ unread_count: 0, mention_count: 0 })
})

test('a mention that an edit adds or a deletion may take is one to read again', () => {
  for (const change of [edited(1, { mentions: [ME] }), deleted(1)]) {
    const isEdit = change.type === 'message_edited'
    ledger.restart()
    ledger.merge(ledger.expect(), [conversation(0)], 0)
    ledger.apply(said(1, 2, isEdit ? {} : { mentions: [ME] }))
    expect(ledger.unsure.size).toBe(0)
    ledger.apply(change)
    expect([...ledger.unsure.keys()]).toEqual([keyOf(GROUP)])
  }
})

test('a group that one has joined is one to read, at the place of the joining', () => {
  ledger.apply(joined(7, ME))
  expect([...ledger.unsure]).toEqual([[keyOf(GROUP), 7]])
})

test('a page that is newer than an event about the group is not changed by it', () => {
  ledger.merge(ledger.expect(), [conversation(0)], 10)
  ledger.apply(left(9, ME))
  ledger.apply(joined(10, 4))
  expect(ledger.get(GROUP)?.group?.member_count).toBe(3)
})

test('who comes and goes is counted, and one is told of a new role, another level and the end', () => {
  ledger.merge(ledger.expect(), [conversation(0)], 0)
  ledger.apply(joined(1, 4))
  ledger.apply({ type: 'membership', seq: 2, data: { ...membership(ME), role: 'admin', how: 'role' } })
  const level = { user_id: null, group_id: 2, notify: 'named', muted_until: null, silenced_until: null }
  ledger.apply({ type: 'notify', seq: 3, data: level })
  expect(ledger.get(GROUP)).toMatchObject({ group: { member_count: 4 }, me: { role: 'admin', notify: 'named' } })
  ledger.apply({ type: 'group_ended', seq: 4, data: { group_id: 2 } })
  expect(ledger.get(GROUP)).toBeUndefined()
})

test('one is told until when one is silenced, and that one is no longer', () => {
  ledger.merge(ledger.expect(), [conversation(0)], 0)
  const told = { group_id: 2, kind: 'silence', reason: null, until: '2026-02-01T00:00:00.000Z', undone: false }
  ledger.apply({ type: 'moderated', seq: 1, data: told })
  expect(ledger.get(GROUP)?.me?.silenced_until).toBe(told.until)
  ledger.apply({ type: 'moderated', seq: 2, data: { ...told, kind: 'remove', until: null } })
  expect(ledger.get(GROUP)?.me?.silenced_until).toBe(told.until)
  ledger.apply({ type: 'moderated', seq: 3, data: { ...told, undone: true } })
  expect(ledger.get(GROUP)?.me?.silenced_until).toBeNull()
})

test('a group without messages is in the list where it was joined', () => {
  const apart = { user: brief(5), last_message: null, unread_count: 0, read_up_to: 0, others_read_up_to: 0 }
  ledger.merge(ledger.expect(), [{ ...conversation(0), activity: 8 }, apart], 0)
  ledger.apply({ type: 'new_message', seq: 6, data: new Model().send(5, ME) })
  expect(ledger.list().map(({ group }) => group?.id)).toEqual([2, undefined])
})

// @vitest-environment happy-dom
import { afterEach, expect, test } from 'vitest'

import { groupPlace, userPlace } from '@/model/places'
import { type Entry, readUnsent, removeUnsent, writeUnsent } from '@/offline/unsent'

const ME = 1

function entry(changes: Partial<Entry>): Entry {
  return {
    clientId: 'c1',
    place: userPlace(2),
    content: 'Hello',
    replyTo: null,
    createdAt: '2026-01-02T03:04:05.678Z',
    state: 'pending',
    code: null,
    order: 1,
    ...changes,
  }
}

afterEach(() => localStorage.clear())

test('an unsent message is read as it was written, to a person or to a group', () => {
  const [one, other] = [entry({}), entry({ clientId: 'c2', place: groupPlace(2) })]
  writeUnsent(ME, one)
  writeUnsent(ME, other)
  writeUnsent(2, entry({ clientId: 'c3' }))
  expect(readUnsent(ME)).toEqual(expect.arrayContaining([one, other]))
  removeUnsent(ME, 'c1')
  expect(readUnsent(ME)).toEqual([other])
})

test('an unsent message to a person is stored as a tab of an earlier version reads it', () => {
  writeUnsent(ME, entry({}))
  const stored = JSON.parse(localStorage.getItem('chatd.outbox.1.c1') ?? '') as object
  expect(stored).toMatchObject({ clientId: 'c1', userId: 2, content: 'Hello', state: 'pending', order: 1 })
})

test('what is no message is passed over', () => {
  for (const [index, text] of ['', '7', 'null', '{"clientId":'].entries()) {
    localStorage.setItem(`chatd.outbox.1.${index}`, text)
  }
  expect(readUnsent(ME)).toEqual([])
})

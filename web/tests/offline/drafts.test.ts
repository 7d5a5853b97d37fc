// @vitest-environment happy-dom
import { afterEach, expect, test } from 'vitest'

import { type Draft, NO_DRAFT, readDrafts, writeDraft } from '@/offline/drafts'

const ME = 1
const DRAFT: Draft = {
  text: 'a draft',
  replyTo: { id: 5, senderId: 2 },
  edits: [{ id: 7, original: 'soon', text: 'later', failure: 'offline' }],
  front: 7,
}

afterEach(() => localStorage.clear())

test('a draft is read as it was written, to a person or to a group', () => {
  writeDraft(ME, '2', DRAFT, NO_DRAFT)
  writeDraft(ME, 'g2', { ...NO_DRAFT, text: 'to all' }, NO_DRAFT)
  writeDraft(11, '2', { ...NO_DRAFT, text: "another user's" }, NO_DRAFT)
  expect(Object.fromEntries(readDrafts(ME))).toEqual({ 2: DRAFT, g2: { ...NO_DRAFT, text: 'to all' } })
  writeDraft(ME, '2', NO_DRAFT, DRAFT)
  expect([...readDrafts(ME).keys()]).toEqual(['g2'])
})

test('the text of a draft is stored as an earlier version stores it', () => {
  writeDraft(ME, '2', DRAFT, NO_DRAFT)
  expect(localStorage.getItem('chatd.draft.1.2')).toBe('a draft')
  localStorage.setItem('chatd.draft.1.2', '{"text": "no JSON"}')
  expect(readDrafts(ME).get('2')?.text).toBe('{"text": "no JSON"}')
})

test.each([
  '',
  '7',
  'null',
  '{"edits":',
  '{"edits": {"id": 7}}',
  '{"edits": [null, 7, {"id": 7}], "front": 7, "replyTo": "5"}',
])('what is no draft is passed over: %s', (stored) => {
  localStorage.setItem('chatd.draft.1.2', 'a draft')
  localStorage.setItem('chatd.composer.1.2', stored)
  localStorage.setItem('chatd.composer.1.nowhere', stored)
  expect(Object.fromEntries(readDrafts(ME))).toEqual({ 2: { ...NO_DRAFT, text: 'a draft' } })
})

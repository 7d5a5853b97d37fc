import { expect, test } from 'vitest'

import { afterEvent } from '@/model/messages'

import { ME, Model } from './model'

test('a reaction kept from before is the one with the selector of its form', () => {
  const heart = '\u2764\ufe0f'
  const kept = { ...new Model().send(2, ME), reactions: [{ emoji: '\u2764', count: 1, user_ids: [1] }] }
  const told = (user_id: number, on: boolean) =>
    afterEvent(kept, { type: 'reaction', data: { message_id: kept.id, user_id, emoji: heart, on } }).reactions
  expect(told(1, true)).toBe(kept.reactions)
  expect(told(2, true)).toEqual([{ emoji: heart, count: 2, user_ids: [1, 2] }])
  expect(told(1, false)).toEqual([])
})

test('of many who chose a reaction only some are named, and all are counted', () => {
  const kept = { ...new Model().send(2, ME), reactions: [{ emoji: '👍', count: 70, user_ids: [1, 2] }] }
  const told = (user_id: number, on: boolean) =>
    afterEvent(kept, { type: 'reaction', data: { message_id: kept.id, user_id, emoji: '👍', on } }).reactions
  expect(told(3, true)).toEqual([{ emoji: '👍', count: 71, user_ids: [1, 2, 3] }])
  expect(told(1, false)).toEqual([{ emoji: '👍', count: 69, user_ids: [2] }])
  expect(told(60, false)).toEqual([{ emoji: '👍', count: 69, user_ids: [1, 2] }])
})

test('an answer is counted once below what its thread goes back to', () => {
  const model = new Model()
  const root = model.send(2, ME)
  const answer = { ...model.send(ME, 2), thread: root.id }
  const once = afterEvent(root, { type: 'new_message', data: answer })
  expect(once).toMatchObject({ replies: 1, last_reply: answer.id })
  expect(afterEvent(once, { type: 'new_message', data: answer })).toBe(once)
  expect(afterEvent(answer, { type: 'new_message', data: answer })).toBe(answer)
})

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

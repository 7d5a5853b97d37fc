import { expect, test } from 'vitest'

import { afterEvent } from '@/model/messages'

import { ME, Model } from './model'

test('a reaction kept from before is the one with the selector of its form', () => {
  const heart = '\u2764\ufe0f'
  const kept = { ...new Model().send(2, ME), reactions: [{ emoji: '\u2764', user_ids: [1] }] }
  const told = (user_id: number, on: boolean) =>
    afterEvent(kept, { type: 'reaction', data: { message_id: kept.id, user_id, emoji: heart, on } }).reactions
  expect(told(1, true)).toBe(kept.reactions)
  expect(told(2, true)).toEqual([{ emoji: heart, user_ids: [1, 2] }])
  expect(told(1, false)).toEqual([])
})

import { describe, expect, test } from 'vitest'

import type { Conversation } from '@/api/wire'
import { lastId, Order } from '@/stores/conversations/order'

import { brief, Chance } from './model'

/** A conversation with a person whose newest message has this id; 0 for none. */
function conversation(userId: number, messageId: number): Conversation {
  const last_message = messageId === 0 ? null : ({ id: messageId } as Conversation['last_message'])
  return { user: brief(userId), last_message, unread_count: 0, read_up_to: 0, others_read_up_to: 0 }
}

describe('the order of conversations', () => {
  test('is that of sorting, whatever changes', () => {
    const chance = new Chance(1)
    const order = new Order()
    const all = new Map<number, Conversation>()
    for (let step = 1; step <= 2000; step += 1) {
      const userId = 1 + chance.below(50)
      const before = all.get(userId)
      const fate = chance.below(4)
      const after =
        fate === 0
          ? undefined
          : fate === 1 && before
            ? { ...before, unread_count: step }
            : conversation(userId, chance.below(5) === 0 ? 0 : step)
      order.replace(before, after)
      if (after) all.set(userId, after)
      else all.delete(userId)
      const shown = order.list()
      expect(shown.map(lastId)).toEqual([...all.values()].map(lastId).sort((a, b) => b - a))
      expect(new Set(shown)).toEqual(new Set(all.values()))
    }
  })

  test('is made again only after a change, and what was given away stays as it was', () => {
    const order = new Order()
    const [one, two] = [conversation(1, 10), conversation(2, 20)]
    order.replace(undefined, one)
    const first = order.list()
    expect(order.list()).toBe(first)
    order.replace(undefined, two)
    expect(first).toEqual([one])
    expect(order.list()).toEqual([two, one])
    expect(order.list()).toBe(order.list())
  })

  test('looks at a few conversations only when one of very many has news', () => {
    const order = new Order()
    let looks = 0
    const all = Array.from({ length: 1000 }, (_, index) => {
      const { last_message, ...rest } = conversation(index + 1, index + 1)
      return {
        ...rest,
        get last_message() {
          looks += 1
          return last_message
        },
      }
    })
    for (const each of all) order.replace(undefined, each)
    looks = 0
    order.replace(all[500], conversation(501, 1001))
    expect(order.list()[0]?.user?.id).toBe(501)
    expect(looks).toBeLessThan(50)
  })
})

/** Which conversations the list shows. */

import { expect, it } from 'vitest'

import type { Conversation } from '@/api/wire'
import { isOfKind, KINDS } from '@/model/kinds'

const conversation = (given: Partial<Conversation>): Conversation => ({
  last_message: null,
  unread_count: 0,
  read_up_to: 0,
  others_read_up_to: 0,
  ...given,
})

const group = {} as NonNullable<Conversation['group']>

it('a conversation is shown where it is one of those that are looked for', () => {
  const kinds = (given: Partial<Conversation>) => KINDS.filter((kind) => isOfKind(conversation(given), kind))
  expect(kinds({})).toEqual(['all'])
  expect(kinds({ unread_count: 2 })).toEqual(['all', 'unread'])
  expect(kinds({ group, mention_count: 0 })).toEqual(['all', 'groups'])
  expect(kinds({ group, unread_count: 2, mention_count: 1 })).toEqual([...KINDS])
})

import { describe, expect, test } from 'vitest'

import type { Conversation, Message, MessagePage, ServerEvent } from '@/api/wire'
import { isSamePlace, userPlace } from '@/model/places'
import { Ledger, type Reading } from '@/stores/conversations/ledger'
import { Timeline } from '@/stores/messages/timeline'

import { brief, Chance, happen, ME, Model, partner } from './model'

const BOB = 2
const BOBS = userPlace(BOB)
const USERS = [BOB, 3]

/** A page of conversations on its way: requested, then read by the server, then received. */
interface Request {
  before: number | undefined
  limit: number
  reading: Reading
  page: { conversations: Conversation[]; cursor: number } | null
}

/** The client's list of conversations, and one open chat beside it. */
class Reader {
  readonly model = new Model()
  readonly timeline = new Timeline()
  readonly ledger = new Ledger({
    me: () => ME,
    brief,
    between: (place, above, upTo) => (isSamePlace(place, BOBS) ? this.timeline.between(above, upTo) : null),
  })
  #request: Request | null = null
  #chat: MessagePage | null = null
  #position = 0

  /** Load the present state, from which events are followed. */
  load(): void {
    this.ledger.restart()
    const reading = this.ledger.expect()
    this.#position = this.model.cursor
    this.ledger.merge(reading, this.model.conversations().conversations, this.model.cursor)
    this.ledger.complete()
  }

  ask(before: number | undefined, limit: number): void {
    this.#request ??= { before, limit, reading: this.ledger.expect(), page: null }
  }

  answer(): void {
    const request = this.#request
    if (request === null) return
    const { conversations } = this.model.conversations(request.before, request.limit)
    request.page ??= { conversations, cursor: this.model.cursor }
  }

  receive(): void {
    const request = this.#request
    if (request?.page == null) return
    this.#request = null
    this.ledger.merge(request.reading, request.page.conversations, request.page.cursor)
  }

  /** Read again what became unsure, as the store does. */
  refresh(): void {
    const [unsure] = this.ledger.unsure
    if (unsure !== undefined) this.ask(unsure[1] + 1, 1)
  }

  openChat(chance: Chance): void {
    if (this.#chat === null) {
      this.timeline.expect()
      this.#chat = this.model.page(BOB, { limit: 1 + chance.below(9) })
    } else {
      this.timeline.replace(this.#chat)
      this.#chat = null
    }
  }

  hear(): void {
    const event = this.model.tell()
    if (event?.seq === undefined || event.seq <= this.#position) return
    this.ledger.apply(event)
    if (event.type !== 'new_message' || partner(event.data) === BOB) this.timeline.apply(event)
  }

  step(chance: Chance): void {
    const kind = chance.below(24)
    if (kind < 8) happen(this.model, chance, USERS)
    else if (kind < 9) this.takeBackSomething(chance)
    else if (kind < 14) this.hear()
    else if (kind < 15) this.model.reconnect()
    else if (kind < 16) this.ask(undefined, 1 + chance.below(2))
    else if (kind < 17) this.openChat(chance)
    else if (kind < 20) this.answer()
    else if (kind < 22) this.receive()
    else this.refresh()
  }

  takeBackSomething(chance: Chance): void {
    const message = chance.pick(this.model.of(chance.pick(USERS) as number).slice(-5))
    if (message) this.model.delete(message.id)
  }

  settle(): void {
    while (this.model.waiting > 0) this.hear()
    this.answer()
    this.receive()
    for (let tries = 0; this.ledger.unsure.size > 0 && tries < 10; tries += 1) {
      this.refresh()
      this.answer()
      this.receive()
    }
  }
}

function comparable({ last_message, ...rest }: Conversation): unknown {
  const last = last_message as Message
  return { ...rest, last: [last.id, last.content, last.deleted_at] }
}

function message(id: number): ServerEvent {
  const sender = brief(BOB)
  const data: Message = {
    id,
    sender_id: BOB,
    receiver_id: ME,
    group_id: null,
    content: 'text',
    is_read: false,
    created_at: '2026-01-31T12:00:00.000Z',
    sender,
    client_id: null,
    edited_at: null,
    deleted_at: null,
    reply_to: null,
    reactions: [],
  }
  return { type: 'new_message', seq: id, data }
}

function gone(id: number, seq: number): ServerEvent {
  const data = { id, sender_id: BOB, receiver_id: ME, group_id: null, deleted_at: '2026-01-31T12:00:01.000Z' }
  return { type: 'message_deleted', seq, data }
}

describe('the ledger', () => {
  test('does not count as unread what was taken back', () => {
    const reader = new Reader()
    reader.load()
    for (const id of [1, 2, 3]) reader.ledger.apply(message(id))
    reader.ledger.apply(gone(2, 4))
    expect(reader.ledger.get(BOBS)?.unread_count).toBe(2)
    reader.ledger.apply(gone(3, 5))
    expect(reader.ledger.get(BOBS)?.unread_count).toBe(1)
    expect(reader.ledger.get(BOBS)?.last_message?.deleted_at).not.toBeNull()
  })

  test('does not take off what came as taken back already, nor what a page knew of', () => {
    const reader = new Reader()
    reader.load()
    reader.ledger.apply(message(1))
    const late = message(2)
    if (late.type === 'new_message') Object.assign(late.data, { content: '', deleted_at: '2026-01-31T12:00:01.000Z' })
    reader.ledger.apply(late)
    reader.ledger.apply(gone(2, 3))
    expect(reader.ledger.get(BOBS)?.unread_count).toBe(1)
    const known = reader.ledger.get(BOBS) as Conversation
    reader.ledger.merge(reader.ledger.expect(), [known], 5)
    reader.ledger.apply(gone(1, 4))
    expect(reader.ledger.get(BOBS)?.unread_count).toBe(1)
  })

  test.each(Array.from({ length: 300 }, (_, seed) => seed))(
    'says what is, whatever crosses on its way (%i)',
    (seed) => {
      const chance = new Chance(seed)
      const reader = new Reader()
      for (let count = chance.below(20); count > 0; count -= 1) happen(reader.model, chance, USERS)
      reader.load()
      for (let count = 0; count < 120; count += 1) {
        reader.step(chance)
        if (count % 20 === 19) {
          reader.settle()
          const said = reader.ledger.list().map(comparable)
          expect(said).toEqual(reader.model.conversations().conversations.map(comparable))
        }
      }
    },
  )
})

import { describe, expect, test } from 'vitest'

import type { Message, MessagePage } from '@/api/wire'
import { Timeline } from '@/stores/messages/timeline'

import { Chance, happen, ME, Model, partner } from './model'

const BOB = 2

/** A page on its way: requested, then read by the server, then received. */
interface Request {
  kind: 'newest' | 'around' | 'before' | 'after'
  query: Record<string, number>
  page: MessagePage | null
}

function ids(messages: readonly Message[]): number[] {
  return messages.map((message) => message.id)
}

/** What two copies of a message must have in common. Whether it was read depends on markers. */
function comparable(messages: readonly Message[]): unknown[] {
  return messages.map(({ is_read, ...rest }) => rest)
}

class Reader {
  readonly model = new Model()
  readonly timeline = new Timeline()
  request: Request | null = null

  /** Request a page, if none is on its way. */
  ask(chance: Chance): void {
    if (this.request !== null) return
    const { first, last, moreBefore, moreAfter, isFresh } = this.timeline
    const limit = 1 + chance.below(7)
    const any = chance.pick(this.model.of(BOB))
    const choices: Pick<Request, 'kind' | 'query'>[] = [{ kind: 'newest', query: { limit } }]
    if (any) choices.push({ kind: 'around', query: { around: any.id, limit } })
    if (isFresh && first && moreBefore) choices.push({ kind: 'before', query: { before: first.id, limit } })
    if (isFresh && last && moreAfter) choices.push({ kind: 'after', query: { after: last.id, limit } })
    const choice = choices.at(chance.below(choices.length)) as Request
    this.request = { ...choice, page: null }
    this.timeline.expect()
  }

  /** The server reads the requested page. */
  answer(): void {
    if (this.request !== null) this.request.page ??= this.model.page(BOB, this.request.query)
  }

  /** The page arrives, or is lost. */
  receive(isLost = false): void {
    if (this.request === null) return
    if (isLost) this.timeline.giveUp()
    else {
      const { kind, page } = this.request
      if (page === null) return
      if (kind === 'before') this.timeline.prepend(page)
      else if (kind === 'after') this.timeline.append(page)
      else this.timeline.replace(page)
    }
    this.request = null
  }

  hear(): void {
    const event = this.model.tell()
    if (event === undefined || (event.type === 'new_message' && partner(event.data) !== BOB)) return
    this.timeline.apply(event)
  }

  step(chance: Chance): void {
    const kind = chance.below(20)
    if (kind < 8) happen(this.model, chance, [BOB, 3])
    else if (kind < 14) this.hear()
    else if (kind < 15) this.model.reconnect()
    else if (kind < 16) this.ask(chance)
    else if (kind < 18) this.answer()
    else this.receive(chance.below(10) === 0)
  }

  drain(): void {
    this.answer()
    this.receive()
    while (this.model.waiting > 0) this.hear()
  }
}

/** The server's messages between the first and the last one shown. */
function stretch(all: Message[], shown: readonly Message[]): Message[] {
  const [first, last] = [shown[0]?.id ?? Infinity, shown.at(-1)?.id ?? 0]
  return all.filter(({ id }) => id >= first && id <= last)
}

describe('pages and events that cross', () => {
  test('end in what the server has, without a gap and without a double on the way', () => {
    for (let seed = 0; seed < 400; seed += 1) {
      const chance = new Chance(seed)
      const reader = new Reader()
      for (let step = 0; step < 150; step += 1) {
        reader.step(chance)
        const shown = reader.timeline.snapshot()
        expect(ids(shown), `seed ${seed}, step ${step}`).toEqual(ids(stretch(reader.model.of(BOB), shown)))
      }
      reader.drain()
      const { timeline, model } = reader
      const shown = timeline.snapshot()
      const all = model.of(BOB)
      expect(comparable(shown), `seed ${seed}`).toEqual(comparable(stretch(all, shown)))
      if (!timeline.isFresh) continue
      const [before, after] = [
        all.filter(({ id }) => id < (shown[0]?.id ?? 0)),
        all.filter(({ id }) => id > (shown.at(-1)?.id ?? 0)),
      ]
      expect({ seed, before: timeline.moreBefore, after: timeline.moreAfter }).toEqual({
        seed,
        before: before.length > 0,
        after: after.length > 0,
      })
    }
  })

  test('read from end to end they are the whole conversation', () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const chance = new Chance(seed)
      const reader = new Reader()
      for (let step = 0; step < 120; step += 1) reader.step(chance)
      reader.drain()
      const { timeline, model } = reader
      if (!timeline.isFresh) {
        timeline.expect()
        timeline.replace(model.page(BOB, { limit: 5 }))
      }
      while (timeline.moreBefore) {
        timeline.expect()
        timeline.prepend(model.page(BOB, { before: timeline.first?.id ?? 1, limit: 5 }))
      }
      while (timeline.moreAfter) {
        timeline.expect()
        timeline.append(model.page(BOB, { after: timeline.last?.id ?? 0, limit: 5 }))
      }
      expect(comparable(timeline.snapshot()), `seed ${seed}`).toEqual(comparable(model.of(BOB)))
    }
  })
})

describe('a reader in the past', () => {
  test('counts the messages that arrive beyond the end, and does not show them', () => {
    const model = new Model()
    const timeline = new Timeline()
    for (let count = 0; count < 10; count += 1) model.send(BOB, ME)
    const third = model.of(BOB)[2] as Message
    timeline.expect()
    timeline.replace(model.page(BOB, { around: third.id, limit: 4 }))
    while (model.waiting > 0) timeline.apply(model.tell()!)
    const shown = ids(timeline.snapshot())
    for (let count = 0; count < 3; count += 1) model.send(BOB, ME)
    while (model.waiting > 0) timeline.apply(model.tell()!)

    expect(ids(timeline.snapshot())).toEqual(shown)
    timeline.expect()
    timeline.append(model.page(BOB, { after: timeline.last!.id, limit: 50 }))
    expect(timeline.beyond).toBe(0)
    expect(ids(timeline.snapshot()).slice(-3)).toEqual(ids(model.of(BOB)).slice(-3))
  })
})

describe('fifty thousand messages', () => {
  const COUNT = 50_000

  /** A chat whose messages count how often they are looked at. */
  function long(): { timeline: Timeline; looks: () => number } {
    let count = 0
    const [template] = [new Model().send(BOB, ME)]
    const items = Array.from(
      { length: COUNT },
      (_, index) =>
        new Proxy(
          { ...template, id: 1000 + 2 * index },
          {
            get(target, key) {
              count += 1
              return Reflect.get(target, key) as unknown
            },
          },
        ),
    )
    const timeline = new Timeline()
    timeline.expect()
    timeline.replace({ items, more_before: true, more_after: false })
    return {
      timeline,
      looks() {
        const looked = count
        count = 0
        return looked
      },
    }
  }

  const MESSAGE: Message = { ...new Model().send(BOB, ME), id: 1000 + 2 * COUNT }

  test('are not looked at for a new one', () => {
    const { timeline, looks } = long()
    looks()
    timeline.apply({ type: 'new_message', data: MESSAGE })
    timeline.snapshot()
    expect(timeline.length).toBe(COUNT + 1)
    expect(looks()).toBeLessThan(5)
  })

  test('are not looked at for a page of older ones', () => {
    const { timeline, looks } = long()
    looks()
    const items = Array.from({ length: 50 }, (_, index) => ({ ...MESSAGE, id: 900 + index }))
    timeline.expect()
    timeline.prepend({ items, more_before: true, more_after: true })
    timeline.snapshot()
    expect(timeline.length).toBe(COUNT + 50)
    expect(looks()).toBeLessThan(5)
  })

  test('are looked at as often as halving them takes, for a change of one', () => {
    const { timeline, looks } = long()
    looks()
    timeline.apply({
      type: 'message_edited',
      data: { ...MESSAGE, id: 1000 + 2 * 777, content: 'edited', edited_at: MESSAGE.created_at },
    })
    timeline.apply({ type: 'reaction', data: { message_id: 1000 + 2 * 40_000, user_id: BOB, emoji: '👍', on: true } })
    timeline.snapshot()
    expect(timeline.find(1000 + 2 * 777)?.content).toBe('edited')
    expect(looks()).toBeLessThan(3 * (Math.ceil(Math.log2(COUNT)) + 15 + Object.keys(MESSAGE).length))
  })
})

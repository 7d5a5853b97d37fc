import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { ApiError } from '@/api/errors'
import type { Message, Position, ServerEvent } from '@/api/wire'
import { subscribe } from '@/events'
import { socket } from '@/transport/socket'

import { ChatServer, fakeTimers, type Person, until, visit } from '../server'
import { FaultyLine, type Fault } from './faultyLine'

let server: ChatServer
let ada: Person
let bob: Person
let told: ServerEvent[]
let unsubscribe: () => void

const load = vi.fn<() => Promise<Position>>()

function contents(): string[] {
  return told.flatMap((event) => (event.type === 'new_message' ? [event.data.content] : []))
}

/** Connect as somebody and catch up. */
async function goOnline(token = ada.token, url = server.url): Promise<void> {
  visit(url)
  load.mockImplementation(() => server.position(token))
  socket.connect({ token, ticket: () => server.ticket(token), load })
  await until(() => socket.isConnected.value)
}

/** Get no ticket, as from a server that has none. */
async function noTicket(): Promise<never> {
  throw new ApiError({ status: 404, code: 'not_found', detail: 'There is nothing here.' })
}

beforeAll(async () => {
  server = await ChatServer.start()
  ada = await server.join('ada')
  bob = await server.join('bob')
})

afterAll(() => server.close())

beforeEach(async () => {
  await fakeTimers()
  load.mockClear()
  told = []
  unsubscribe = subscribe((event) => told.push(event))
})

afterEach(() => {
  unsubscribe()
  socket.disconnect()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('with a real server', () => {
  test('messages come as they are sent, and commands are answered', async () => {
    await goOnline()
    const sent = await server.send(bob, ada, 'Hello, 世界 👋')
    await until(() => contents().length === 1)
    const { message } = await socket.request('send', { user: bob.user.id, content: 'Hi', client_id: 'c-1' })
    const again = await socket.request('send', { user: bob.user.id, content: 'Hi', client_id: 'c-1' })
    const read = await socket.request('read', { user: bob.user.id, up_to: sent.id })

    expect(contents()).toEqual(['Hello, 世界 👋'])
    expect(message).toMatchObject({ content: 'Hi', client_id: 'c-1', sender: { username: 'ada' } })
    expect(again).toMatchObject({ duplicate: true, message: { id: message.id } })
    expect(read).toEqual({ up_to: sent.id })
    const refused = socket.request('send', { user: 999_999, content: 'Hi', client_id: 'c-2' })
    await expect(refused).rejects.toMatchObject({ code: 'not_found' })
  })

  test('presence is delivered once caught up', async () => {
    await goOnline()
    await until(() => told.some(({ type }) => type === 'presence_list'))
  })

  test('a killed server is found again, and what happened meanwhile comes once', async () => {
    await goOnline()
    await server.kill()
    await until(() => socket.status.value === 'waiting')
    await server.startAgain()
    await server.send(bob, ada, 'while you were away')
    socket.retryNow()
    await until(() => socket.isConnected.value)
    await server.send(bob, ada, 'and now')
    await until(() => contents().length === 2)

    expect(contents()).toEqual(['while you were away', 'and now'])
    expect(load).toHaveBeenCalledOnce()
  })

  test('a server that restarts is come back to when it says', async () => {
    await goOnline()
    const stopped = server.stop()
    await until(() => socket.status.value === 'waiting')
    const delay = (socket.retryAt.value ?? 0) - Date.now()
    expect(delay).toBeGreaterThanOrEqual(500)
    expect(delay).toBeLessThanOrEqual(5_000)

    await stopped
    await server.startAgain()
    vi.advanceTimersByTime(delay)
    await until(() => socket.isConnected.value)
  })

  test('more than a page was missed, and comes in order', async () => {
    await goOnline()
    await server.kill()
    await until(() => socket.status.value === 'waiting')
    await server.startAgain()
    const texts = Array.from({ length: 450 }, (_, n) => `missed ${n}`)
    for (const text of texts) await server.send(bob, ada, text)
    socket.retryNow()
    await until(() => socket.isConnected.value)

    expect(contents()).toEqual(texts)
  })

  test('a session that ends stops the connection and says why', async () => {
    const token = await server.signIn(ada)
    await goOnline(token)
    await server.call('POST', '/auth/logout', { token })
    await until(() => socket.status.value === 'stopped')

    expect(socket.stopped.value).toEqual({ code: 4002, reason: 'session_ended' })
  })

  test.each([
    ['nonsense', 4002, 'session_ended'],
    ['', 4001, 'no_token'],
  ])('the token %j is refused for good where there are no tickets', async (token, code, reason) => {
    visit(server.url)
    socket.connect({ token, ticket: noTicket, load })
    await until(() => socket.status.value === 'stopped')

    expect(socket.stopped.value).toEqual({ code, reason })
  })

  test.each(['nonsense', ''])('the token %j gets no ticket, and is refused for good', async (token) => {
    visit(server.url)
    socket.connect({ token, ticket: () => server.ticket(token), load })
    await until(() => socket.status.value === 'stopped')

    expect(socket.stopped.value).toEqual({ code: 4002, reason: 'session_ended' })
  })

  test('a ticket that is of no use any more is followed by another', async () => {
    visit(server.url)
    load.mockImplementation(() => server.position(ada.token))
    const spent = ['never-given-out', await server.ticket(ada.token)]
    socket.connect({ token: ada.token, ticket: async () => spent.shift() ?? '', load })
    await until(() => socket.status.value === 'waiting')
    socket.retryNow()
    await until(() => socket.isConnected.value)
  })

  test('the oldest of too many connections stops', async () => {
    const cat = await server.join('cat')
    await goOnline(cat.token)
    const address = `${server.url.replace('http', 'ws')}/messages/ws?token=${cat.token}`
    const others = Array.from({ length: 20 }, () => new WebSocket(address))
    await until(() => socket.status.value === 'stopped')
    for (const other of others) other.close()

    expect(socket.stopped.value).toEqual({ code: 4009, reason: 'too_many' })
  })
})

/** A sequence of numbers below 1 that is the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('over a line that breaks all the time', () => {
  const SEED = Number(process.env.CHATD_SEED ?? Math.floor(Math.random() * 2 ** 31))
  const MESSAGES = 400

  test(`every message comes once and in order (CHATD_SEED=${SEED})`, { timeout: 180_000 }, async () => {
    const random = seeded(SEED)
    let isFaulty = true
    let faults = 0
    const fault = (): Fault | null =>
      isFaulty ? { kind: ++faults % 4 ? 'cut' : 'silence', afterBytes: 1 + Math.floor(random() * 12_000) } : null
    const line = await FaultyLine.open(server.url, fault)
    const [dora, emil] = [await server.join(`dora${SEED}`), await server.join(`emil${SEED}`)]
    let isOver = false
    const mending = (async () => {
      while (!isOver) {
        const { silence } = line.broken
        await until(() => isOver || socket.status.value === 'waiting' || line.broken.silence > silence)
        if (line.broken.silence > silence) vi.advanceTimersByTime(60_000)
        if (socket.status.value === 'waiting') vi.advanceTimersByTime(30_000)
      }
    })()
    await goOnline(dora.token, line.url)

    const theirs: string[] = []
    const mine: string[] = []
    const acknowledged: Message[] = []
    const sending = (async () => {
      const isEnough = (): boolean => line.broken.cut > 10 && line.broken.silence > 2
      for (let n = 0; n < MESSAGES || !isEnough(); n += 1) {
        if (n % 150 === 149) {
          await server.kill()
          await server.startAgain()
        }
        await server.send(emil, dora, `from emil ${n}`)
        theirs.push(`from emil ${n}`)
      }
    })()
    const writing = (async () => {
      for (let n = 0; n < MESSAGES / 4; n += 1) {
        const command = { user: emil.user.id, content: `from dora ${n}`, client_id: `d-${n}` }
        for (let isStored = false; !isStored;) {
          await until(() => socket.isConnected.value)
          const answer = await socket.request('send', command).catch(() => null)
          if (answer?.duplicate === false) acknowledged.push(answer.message)
          isStored = answer !== null
        }
        mine.push(command.content)
      }
    })()
    await Promise.all([sending, writing])
    isFaulty = false
    await until(() => contents().filter((text) => text.startsWith('from emil')).length >= theirs.length)
    isOver = true
    await mending

    const events = contents()
    expect(events.filter((text) => text.startsWith('from emil'))).toEqual(theirs)
    const own = [
      ...events.filter((text) => text.startsWith('from dora')),
      ...acknowledged.map(({ content }) => content),
    ]
    expect(own.toSorted()).toEqual(mine.toSorted())
    const seqs = told.flatMap(({ seq }) => seq ?? [])
    expect(seqs).toEqual([...new Set(seqs)].toSorted((one, other) => one - other))
    expect(load).toHaveBeenCalledOnce()
    socket.disconnect()
    await line.close()
  })
})

import { beforeEach, describe, expect, test, vi } from 'vitest'

import { subscribe } from '@/events'

import { until } from '../server'
import { read, type Served, setStage, typing } from './scripted'

const stage = setStage()

const seqs = () => stage.told.map(({ seq }) => seq)
const waits = () => until(() => stage.socket.status.value === 'waiting')

describe('events', () => {
  let served: Served

  beforeEach(async () => {
    served = await stage.goOnline()
  })

  test('come once and in order', async () => {
    for (const seq of [11, 12, 12, 15, 11, 10, 1, 16]) served.send(read(seq))
    await stage.pass(served)

    expect(seqs()).toEqual([11, 12, 15, 16])
    expect(stage.told[0]).toEqual(read(11))
  })

  test('that have no place in the log come as often as they are sent', async () => {
    served.send(typing)
    served.send(typing)
    await stage.pass(served)

    expect(stage.told).toEqual([typing, typing])
  })

  test('come to every handler, also behind one that fails', async () => {
    const complaint = vi.spyOn(console, 'error').mockReturnValue()
    const told: unknown[] = []
    const unsubscribe = [
      subscribe(() => {
        throw new Error('a bug')
      }),
      subscribe(({ seq }) => told.push(seq)),
    ]
    served.send(read(11))
    served.send(read(12))
    await until(() => told.length === 2)
    for (const end of unsubscribe) end()

    expect(told).toEqual([11, 12])
    expect(complaint).toHaveBeenCalledTimes(2)
    expect(stage.socket.isConnected.value).toBe(true)
  })

  test('do not come after unsubscribing, even from within a handler', async () => {
    const told: string[] = []
    const endSecond: (() => void)[] = []
    const endFirst = subscribe(() => {
      told.push('first')
      for (const end of endSecond) end()
    })
    endSecond.push(subscribe(() => told.push('second')))
    served.send(read(11))
    await stage.pass(served)
    endFirst()
    endFirst()
    served.send(read(12))
    await stage.pass(served)

    expect(told).toEqual(['first', 'first'])
  })

  test('come twice to a handler that subscribed twice, and once when one of the two is over', async () => {
    const handler = vi.fn()
    const [first, second] = [subscribe(handler), subscribe(handler)]
    served.send(read(11))
    await stage.pass(served)
    expect(handler).toHaveBeenCalledTimes(4)

    first()
    served.send(read(12))
    await until(() => stage.told.length === 2)
    expect(handler).toHaveBeenCalledTimes(5)
    second()
  })

  test('go on over connections for handlers that were there before the first', async () => {
    stage.socket.disconnect()
    const next = await stage.goOnline()
    next.send(read(11))
    await stage.pass(next)

    expect(seqs()).toEqual([11])
  })
})

describe('what nobody asked for', () => {
  let served: Served

  beforeEach(async () => {
    served = await stage.goOnline()
  })

  test.each([
    { type: 'ack', re: 999, data: {} },
    { type: 'ack', re: 'constructor', data: {} },
    { type: 'error', re: null, error: { code: 'bad_frame', detail: 'Broken.' } },
    { type: 'error', re: 999, error: { code: 'not_found', detail: 'Gone.' } },
    { type: 'pong', data: { cursor: null } },
    { type: 'hello', data: { protocol: 2, epoch: 'e9', cursor: 1, heartbeat_ms: 1 } },
    { type: 'membership', seq: 11, data: { group_id: 1, user_id: 2, role: null } },
    { type: 'news', data: { from: 'the future' } },
  ])('does no harm: %j', async (frame) => {
    served.send(frame)
    await stage.pass(served)
    vi.advanceTimersByTime(1)
    served.send(read(12))
    await stage.pass(served)

    expect(seqs().at(-1)).toBe(12)
    expect(stage.socket.isConnected.value).toBe(true)
    expect(served.heard).toHaveLength(1)
  })

  test.each(['nonsense', '', 'null', '[]', '7', '{"data":{}}', '{"type":7}', '{"type":"read","seq":'])(
    'and is no frame may have been one, so a new connection brings it: %j',
    async (text) => {
      served.send(text)
      served.send(read(11))
      await waits()
      expect(seqs()).toEqual([])

      stage.socket.retryNow()
      const next = await stage.server.accept()
      const sync = await next.greet()
      expect(sync.data).toEqual({ epoch: 'e1', since: 10 })
    },
  )
})

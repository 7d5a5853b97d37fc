import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

import { describe, expect, test, vi } from 'vitest'

import { until, visit } from '../server'
import { setStage } from './scripted'

const stage = setStage()

const waits = () => until(() => stage.socket.status.value === 'waiting')

/** How long it is until the next attempt, in milliseconds. */
function delay(): number {
  return (stage.socket.retryAt.value ?? Number.NaN) - Date.now()
}

describe('a lost connection', () => {
  test.each([1001, 1006, 1008, 1011, 1012, 1013, 4008])('that ended with %i is made again', async (code) => {
    const served = await stage.goOnline()
    if (code === 1006) served.cut()
    else served.close(code)
    await waits()
    expect(stage.socket.stopped.value).toBeNull()

    vi.advanceTimersByTime(delay())
    await stage.goOnline()
    expect(stage.socket.retryAt.value).toBeNull()
  })

  test('is made again when it was said, and not before', async () => {
    const served = await stage.goOnline()
    served.cut()
    await waits()
    expect(delay()).toBeGreaterThanOrEqual(500)
    expect(delay()).toBeLessThanOrEqual(3_000)

    vi.advanceTimersByTime(Math.floor(delay() - 1))
    expect(stage.socket.status.value).toBe('waiting')
    vi.advanceTimersByTime(2)
    expect(stage.socket.status.value).toBe('connecting')
  })

  test('is made again at once where the reader asks for it', async () => {
    const served = await stage.goOnline()
    served.cut()
    await waits()
    stage.socket.retryNow()
    stage.socket.retryNow()
    await stage.goOnline()

    expect(stage.server.connections).toHaveLength(2)
  })

  test('asked for again while it is there is left alone', async () => {
    const served = await stage.goOnline()
    stage.socket.retryNow()
    await stage.pass(served)

    expect(stage.server.connections).toHaveLength(1)
  })
})

describe('waits', () => {
  async function closedPort(): Promise<string> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    return `http://127.0.0.1:${port}`
  }

  test('grow from 3 s to 30 s while the server is away', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    visit(await closedPort())
    stage.connect()
    const delays: number[] = []
    for (let n = 0; n < 7; n += 1) {
      await waits()
      delays.push(delay())
      vi.advanceTimersByTime(delay())
    }

    expect(delays).toEqual([3_000, 6_000, 12_000, 24_000, 30_000, 30_000, 30_000])
  })

  test('start again at the first ceiling once the server was there', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const delays: number[] = []
    for (let n = 0; n < 3; n += 1) {
      const served = await stage.goOnline()
      served.cut()
      await waits()
      delays.push(delay())
      vi.advanceTimersByTime(delay())
    }

    expect(delays).toEqual([3_000, 3_000, 3_000])
  })

  test('start again at the first ceiling when the network comes back', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    visit(await closedPort())
    stage.connect()
    for (let n = 0; n < 4; n += 1) {
      await waits()
      vi.advanceTimersByTime(delay())
    }
    stage.window.dispatchEvent(new Event('online'))
    await waits()

    expect(delay()).toBe(3_000)
  })

  test('are the longest at once after flooding', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const served = await stage.goOnline()
    served.close(1008)
    await waits()

    expect(delay()).toBe(30_000)
  })

  test('are as long as a server that restarts asks for', async () => {
    const served = await stage.goOnline()
    served.send({ type: 'restarting', data: { retry_after_ms: 4_321 } })
    served.close(1012)
    await waits()
    expect(delay()).toBe(4_321)

    vi.advanceTimersByTime(4_320)
    expect(stage.socket.status.value).toBe('waiting')
    vi.advanceTimersByTime(1)
    await stage.goOnline()
  })

  test('are as long as asked for also where that comes before the hello', async () => {
    stage.connect()
    const served = await stage.server.accept()
    served.send({ type: 'restarting', data: { retry_after_ms: 1_234 } })
    served.close(1012)
    await waits()

    expect(delay()).toBe(1_234)
  })

  test('that were asked for once do not last for later losses', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const first = await stage.goOnline()
    first.send({ type: 'restarting', data: { retry_after_ms: 4_321 } })
    first.close(1012)
    await waits()
    vi.advanceTimersByTime(4_321)
    const second = await stage.goOnline()
    second.cut()
    await waits()

    expect(delay()).toBe(3_000)
  })
})

describe('there is no use in coming back', () => {
  const FINAL = [
    [4001, 'no_token'],
    [4002, 'session_ended'],
    [4003, 'no_account'],
    [4009, 'too_many'],
    [1003, 'protocol'],
    [1002, 'protocol'],
    [1007, 'protocol'],
    [1009, 'protocol'],
  ] as const

  test.each(FINAL)('after %i: %s', async (code, reason) => {
    const served = await stage.goOnline()
    served.close(code)
    await until(() => stage.socket.status.value === 'stopped')
    expect(stage.socket.stopped.value).toEqual({ code, reason })
    expect(stage.socket.retryAt.value).toBeNull()
    // The server's end has a timer of its own until the connection is closed.
    await until(() => served.isOver)
    expect(vi.getTimerCount()).toBe(0)

    vi.advanceTimersByTime(600_000)
    stage.window.dispatchEvent(new Event('online'))
    stage.document.dispatchEvent(new Event('visibilitychange'))
    expect(stage.socket.status.value).toBe('stopped')
    expect(stage.server.connections).toHaveLength(1)
  })

  test.each([
    ['connects again', () => stage.connect()],
    ['asks for it all the same', () => stage.socket.retryNow()],
  ])('until somebody %s', async (_, resume) => {
    const served = await stage.goOnline()
    served.close(4009)
    await until(() => stage.socket.status.value === 'stopped')
    resume()
    expect(stage.socket.stopped.value).toBeNull()

    await stage.goOnline()
    expect(stage.socket.isConnected.value).toBe(true)
  })

  test('is forgotten when one disconnects', async () => {
    const served = await stage.goOnline()
    served.close(4002)
    await until(() => stage.socket.status.value === 'stopped')
    stage.socket.disconnect()

    expect([stage.socket.status.value, stage.socket.stopped.value]).toEqual(['idle', null])
  })
})

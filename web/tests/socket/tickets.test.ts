import { describe, expect, test, vi } from 'vitest'

import { ApiError } from '@/api/errors'

import { until } from '../server'
import { type Served, setStage } from './scripted'

const stage = setStage()

const waits = () => until(() => stage.socket.status.value === 'waiting')
const stops = () => until(() => stage.socket.status.value === 'stopped')

/** How long it is until the next attempt, in milliseconds. */
function delay(): number {
  return (stage.socket.retryAt.value ?? Number.NaN) - Date.now()
}

function problem(status: number, code = 'x', retryAfterMs: number | null = null): ApiError {
  return new ApiError({ status, code, detail: 'It failed.', retryAfterMs })
}

/** The credential that the client sends beside the subprotocol. */
function shown({ request }: Served): string | undefined {
  return request.headers['sec-websocket-protocol']?.split(/, ?/)[1]
}

describe('a ticket', () => {
  test('is a new one for each connection', async () => {
    for (const ticket of ['one', 'two', 'three']) {
      stage.ticket.mockResolvedValueOnce(ticket)
      if (ticket === 'one') stage.connect()
      else stage.socket.retryNow()
      const served = await stage.server.accept()
      expect(shown(served)).toBe(`ticket.${ticket}`)
      served.cut()
      await waits()
    }
    expect(stage.ticket).toHaveBeenCalledTimes(3)
  })

  test('that a server does not have is replaced by the token', async () => {
    stage.ticket.mockRejectedValue(problem(404, 'not_found'))
    const served = await stage.goOnline()
    expect(shown(served)).toBe('bearer.a-token')
  })

  test('is asked for again where the server has them by now', async () => {
    stage.ticket.mockRejectedValueOnce(problem(404, 'not_found'))
    const before = await stage.goOnline()
    expect(shown(before)).toBe('bearer.a-token')
    before.cut()
    await waits()
    stage.socket.retryNow()
    expect(shown(await stage.goOnline())).toBe('ticket.a-ticket')
  })

  test.each([
    ['the server cannot be reached', problem(0, 'network')],
    ['a proxy has no server', problem(502, 'unknown')],
    ['there is an error that nobody foresaw', new Error('x')],
  ])('that is not to be had as %s is asked for later, and the wait grows', async (_, error) => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    stage.ticket.mockRejectedValue(error)
    stage.connect()
    const delays: number[] = []
    for (let n = 0; n < 6; n += 1) {
      await waits()
      delays.push(delay())
      vi.advanceTimersByTime(delay())
    }

    expect(delays).toEqual([3_000, 6_000, 12_000, 24_000, 30_000, 30_000])
    expect(stage.server.connections).toEqual([])
    await waits()
    stage.ticket.mockResolvedValue('a-ticket')
    stage.window.dispatchEvent(new Event('online'))
    await stage.goOnline()
  })

  test.each([429, 503])('that is refused with %i is asked for later than was said', async (status) => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    stage.ticket.mockRejectedValue(problem(status, 'x', 5_000))
    stage.connect()
    await waits()

    expect(delay()).toBe(8_000)
  })

  test.each([
    ['not_authenticated', 4002, 'session_ended'],
    ['account_unavailable', 4003, 'no_account'],
  ])('that is refused as %s stops the client as %i does', async (code, closeCode, reason) => {
    stage.ticket.mockRejectedValue(problem(401, code))
    stage.connect()
    await stops()

    expect(stage.socket.stopped.value).toEqual({ code: closeCode, reason })
    vi.advanceTimersByTime(600_000)
    stage.window.dispatchEvent(new Event('online'))
    expect(stage.ticket).toHaveBeenCalledOnce()
    expect(stage.server.connections).toEqual([])
  })

  test('that is refused at the handshake is followed by another', async () => {
    stage.connect()
    const served = await stage.server.accept()
    served.close(4002)
    await waits()
    stage.socket.retryNow()
    await stage.goOnline()

    expect(stage.ticket).toHaveBeenCalledTimes(2)
  })

  test('opens a connection that ends for good with its session', async () => {
    const served = await stage.goOnline()
    served.close(4002)
    await stops()

    expect(stage.socket.stopped.value).toEqual({ code: 4002, reason: 'session_ended' })
  })

  test('is no longer wanted after disconnecting, and what comes then leads nowhere', async () => {
    let come!: (ticket: string) => void
    let signal!: AbortSignal
    stage.ticket.mockImplementation((given) => {
      signal = given
      return new Promise((resolve) => (come = resolve))
    })
    stage.connect()
    await until(() => stage.ticket.mock.calls.length)
    expect([stage.socket.status.value, signal.aborted]).toEqual(['connecting', false])

    stage.socket.disconnect()
    expect(signal.aborted).toBe(true)
    come('late')
    await vi.advanceTimersByTimeAsync(60_000)
    expect([stage.server.connections, vi.getTimerCount()]).toEqual([[], 0])
  })

  test('is asked for once, however often the reader asks for a connection', async () => {
    stage.ticket.mockImplementation(() => new Promise(() => undefined))
    stage.connect()
    for (let n = 0; n < 5; n += 1) {
      stage.connect()
      stage.socket.retryNow()
      stage.window.dispatchEvent(new Event('online'))
    }

    expect(stage.ticket).toHaveBeenCalledOnce()
  })

  test('is not needed where a server without tickets says the token is no good', async () => {
    stage.ticket.mockRejectedValue(problem(404, 'not_found'))
    stage.connect()
    const served = await stage.server.accept()
    served.close(4002)
    await stops()

    expect(stage.socket.stopped.value).toEqual({ code: 4002, reason: 'session_ended' })
    expect(stage.load).not.toHaveBeenCalled()
  })
})

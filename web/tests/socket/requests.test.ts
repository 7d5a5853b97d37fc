import { describe, expect, test, vi } from 'vitest'

import { CommandError, ConnectionLost } from '@/api/errors'

import { until } from '../server'
import { setStage } from './scripted'

const stage = setStage()

const ask = () => stage.socket.request('send', { user: 2, content: 'Hello', client_id: 'c1' })

describe('a command', () => {
  test('is sent as it is, and its answer is what the server says', async () => {
    const served = await stage.goOnline()
    const answer = ask()
    const command = await served.receive('send')
    expect(command).toEqual({
      type: 'send',
      id: expect.any(Number) as number,
      data: { user: 2, content: 'Hello', client_id: 'c1' },
    })

    served.ack(command, { message: { id: 5 }, duplicate: false }, 11)
    expect(await answer).toEqual({ message: { id: 5 }, duplicate: false })
  })

  test('gets its own answer, in whatever order they come', async () => {
    const served = await stage.goOnline()
    const answers = [1, 2, 3].map((up_to) => stage.socket.request('read', { user: 2, up_to }))
    const commands = [await served.receive('read'), await served.receive('read'), await served.receive('read')]
    for (const command of commands.reverse()) served.ack(command, { up_to: command.data?.up_to })

    expect(await Promise.all(answers)).toEqual([{ up_to: 1 }, { up_to: 2 }, { up_to: 3 }])
    expect(new Set(commands.map(({ id }) => id)).size).toBe(3)
  })

  test('that is refused says why, and when to try again', async () => {
    const served = await stage.goOnline()
    const answer = ask().catch((error: unknown) => error)
    served.refuse(await served.receive('send'), 'rate_limited', { retry_after_ms: 1_500 })
    const error = await answer

    expect(error).toBeInstanceOf(CommandError)
    expect(error).toMatchObject({ code: 'rate_limited', detail: 'It is rate_limited.', retryAfterMs: 1_500 })
  })

  test('that is refused for good has no time to try again', async () => {
    const served = await stage.goOnline()
    const answer = ask().catch((error: unknown) => error)
    served.refuse(await served.receive('send'), 'not_found')

    expect(await answer).toMatchObject({ code: 'not_found', retryAfterMs: null })
  })
})

describe('the answer is lost', () => {
  test.each([
    ['the line is cut', async () => stage.server.connections[0]?.cut()],
    ['the server stops', async () => stage.server.connections[0]?.close(1012)],
    ['the session ends', async () => stage.server.connections[0]?.close(4002)],
    ['the line is dead', async () => void vi.advanceTimersByTime(60_000)],
    ['the client disconnects', async () => stage.socket.disconnect()],
  ])('when %s', async (_, lose) => {
    const served = await stage.goOnline()
    const answers = [ask(), ask()].map((answer) => answer.catch((error: unknown) => error))
    await served.receive('send')
    await lose()

    for (const answer of answers) expect(await answer).toBeInstanceOf(ConnectionLost)
  })

  test('and the command is not sent again by itself', async () => {
    const served = await stage.goOnline()
    const answer = ask().catch((error: unknown) => error)
    await served.receive('send')
    served.cut()
    await answer
    stage.socket.retryNow()
    const next = await stage.goOnline()
    await stage.pass(next)

    expect(next.heard.map(({ type }) => type)).toEqual(['sync'])
  })
})

describe('at once, a command is lost', () => {
  test('while nobody is connected', async () => {
    await expect(ask()).rejects.toBeInstanceOf(ConnectionLost)
  })

  test('while the client catches up', async () => {
    stage.connect()
    const served = await stage.server.accept()
    await expect(ask()).rejects.toBeInstanceOf(ConnectionLost)

    served.hello()
    const sync = await served.receive('sync')
    await expect(ask()).rejects.toBeInstanceOf(ConnectionLost)

    served.ack(sync, { cursor: 10, more: false })
    await until(() => stage.socket.isConnected.value)
    expect(served.heard).toHaveLength(1)
  })

  test('while the next attempt is waited for', async () => {
    const served = await stage.goOnline()
    served.cut()
    await until(() => stage.socket.status.value === 'waiting')

    await expect(ask()).rejects.toBeInstanceOf(ConnectionLost)
  })

  test('after the end', async () => {
    const served = await stage.goOnline()
    served.close(4002)
    await until(() => stage.socket.status.value === 'stopped')

    await expect(ask()).rejects.toBeInstanceOf(ConnectionLost)
  })
})

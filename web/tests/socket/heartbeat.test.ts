import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

import { describe, expect, test, vi } from 'vitest'

import { until, visit } from '../server'
import { setStage, typing } from './scripted'

const stage = setStage()

const waits = () => until(() => stage.socket.status.value === 'waiting')

test('a ping is sent every time the server says', async () => {
  const served = await stage.goOnline({ heartbeat_ms: 20_000 })
  for (let n = 0; n < 3; n += 1) {
    vi.advanceTimersByTime(19_999)
    await stage.pass(served)
    expect(served.heard.filter(({ type }) => type === 'ping')).toHaveLength(n)

    vi.advanceTimersByTime(1)
    await served.pong()
    await stage.pass(served)
  }
  expect(stage.socket.isConnected.value).toBe(true)
})

describe('a line', () => {
  test('that is silent for two beats is dead, and replaced', async () => {
    const served = await stage.goOnline()
    vi.advanceTimersByTime(59_999)
    expect(stage.socket.isConnected.value).toBe(true)

    vi.advanceTimersByTime(1)
    expect(stage.socket.status.value).toBe('waiting')
    await until(() => served.isOver)
    expect(served.heard.slice(1)).toEqual([{ type: 'ping' }, { type: 'ping' }])

    vi.advanceTimersByTime(3_000)
    await (await stage.server.accept()).greet()
    await until(() => stage.socket.isConnected.value)
  })

  test('whose other end is gone is dropped without a close frame', async () => {
    const served = await stage.goOnline()
    served.freeze()
    vi.advanceTimersByTime(60_000)
    expect(stage.socket.status.value).toBe('waiting')

    vi.advanceTimersByTime(3_000)
    await (await stage.server.accept()).greet()
    await until(() => stage.socket.isConnected.value)
    expect(served.isOver).toBe(false)
  })

  test('is alive as long as anything comes, pong or not', async () => {
    const served = await stage.goOnline()
    for (let n = 0; n < 4; n += 1) {
      vi.advanceTimersByTime(59_000)
      served.send(typing)
      await until(() => stage.told.length > n)
    }
    expect(stage.socket.isConnected.value).toBe(true)

    vi.advanceTimersByTime(60_000)
    expect(stage.socket.status.value).toBe('waiting')
  })

  test('is watched while a sync is on its way', async () => {
    stage.connect()
    const served = await stage.server.accept()
    served.hello()
    await served.receive('sync')
    vi.advanceTimersByTime(60_000)

    expect(stage.socket.status.value).toBe('waiting')
  })

  test('is not taken for dead where the timers of a hidden tab run once a minute', async () => {
    const { setInterval } = globalThis
    vi.stubGlobal('setInterval', (beat: () => void, ms: number) => setInterval(beat, Math.max(ms, 60_000)))
    const served = await stage.goOnline()
    for (let n = 0; n < 3; n += 1) {
      vi.advanceTimersByTime(60_000)
      served.send({ type: 'pong', data: { cursor: null } })
      await stage.pass(served)
    }

    expect(stage.socket.isConnected.value).toBe(true)
    vi.advanceTimersByTime(120_000)
    expect(stage.socket.isConnected.value).toBe(false)
  })
})

describe('a server', () => {
  test('that says no hello is left after a quarter of a minute', async () => {
    stage.connect()
    await stage.server.accept()
    vi.advanceTimersByTime(14_999)
    expect(stage.socket.status.value).toBe('connecting')

    vi.advanceTimersByTime(1)
    expect(stage.socket.status.value).toBe('waiting')
  })

  test('that does not even shake hands is left as well', async () => {
    const mute = createServer().listen(0, '127.0.0.1')
    await once(mute, 'listening')
    visit(`http://127.0.0.1:${(mute.address() as AddressInfo).port}`)
    stage.connect()
    const [accepted] = (await once(mute, 'connection')) as [Socket]
    vi.advanceTimersByTime(15_000)
    expect(stage.socket.status.value).toBe('waiting')

    stage.socket.disconnect()
    accepted.destroy()
    await new Promise((resolve) => mute.close(resolve))
  })
})

describe.each([
  ['the network comes back', () => stage.window.dispatchEvent(new Event('online'))],
  ['the tab wakes', () => stage.document.dispatchEvent(new Event('visibilitychange'))],
])('when %s', (_, wake) => {
  test('a line that answers at once is kept', async () => {
    const served = await stage.goOnline()
    vi.advanceTimersByTime(10_000)
    wake()
    await served.pong()
    await stage.pass(served)
    vi.advanceTimersByTime(5_000)

    expect(stage.socket.isConnected.value).toBe(true)
  })

  test('a line that does not answer soon is dead', async () => {
    const served = await stage.goOnline()
    wake()
    await served.receive('ping')
    vi.advanceTimersByTime(5_000)

    expect(stage.socket.status.value).toBe('waiting')
  })

  test('the next attempt is made now', async () => {
    const served = await stage.goOnline()
    served.cut()
    await waits()
    wake()
    expect(stage.socket.status.value).toBe('connecting')

    await stage.goOnline()
    wake()
    expect(stage.server.connections).toHaveLength(2)
  })

  test('an attempt under way is not doubled', async () => {
    stage.connect()
    wake()
    wake()
    await stage.goOnline()

    expect(stage.server.connections).toHaveLength(1)
  })
})

test('a tab that is hidden makes no attempt', async () => {
  const served = await stage.goOnline()
  served.cut()
  await waits()
  stage.document.visibilityState = 'hidden'
  stage.document.dispatchEvent(new Event('visibilitychange'))

  expect(stage.socket.status.value).toBe('waiting')
})

import { getEventListeners } from 'node:events'

import { describe, expect, test, vi } from 'vitest'

import { subscribe } from '@/events'

import { until } from '../server'
import { setStage } from './scripted'

const stage = setStage()

describe('the handshake', () => {
  test('shows a ticket as a subprotocol, and the token nowhere', async () => {
    stage.connect()
    const { request } = await stage.server.accept()

    expect(request.url).toBe('/messages/ws')
    expect(request.headers['sec-websocket-protocol']?.split(/, ?/)).toEqual(['chatd.v2', 'ticket.a-ticket'])
    expect(request.rawHeaders.join()).not.toContain('a-token')
  })

  test.each([
    ['http://chat.example.org', 'ws://chat.example.org/messages/ws'],
    ['https://chat.example.org:8443', 'wss://chat.example.org:8443/messages/ws'],
  ])('of a page from %s goes to %s', async (page, address) => {
    const opened = vi.fn()
    vi.stubGlobal('location', new URL(page))
    vi.stubGlobal(
      'WebSocket',
      class extends EventTarget {
        constructor(url: URL) {
          super()
          opened(String(url))
        }

        close() {}
      },
    )
    stage.connect()
    await until(() => opened.mock.calls.length)

    expect(opened).toHaveBeenCalledExactlyOnceWith(address)
  })
})

describe('one connection', () => {
  test('is all there is, however often it is asked for', async () => {
    const served = await stage.goOnline()
    for (let n = 0; n < 5; n += 1) stage.socket.connect({ token: 'a-token', ticket: stage.ticket, load: stage.load })

    await stage.pass(served)
    expect(stage.server.connections).toHaveLength(1)
    expect(stage.load).toHaveBeenCalledOnce()
  })

  test('gives way to that of another token', async () => {
    const first = await stage.goOnline()
    stage.ticket.mockResolvedValue('another-ticket')
    stage.socket.connect({ token: 'another-token', ticket: stage.ticket, load: stage.load })
    const second = await stage.server.accept()
    await until(() => first.isOver)
    await second.greet()
    await until(() => stage.socket.isConnected.value)

    expect(second.request.headers['sec-websocket-protocol']).toContain('ticket.another-ticket')
    expect(stage.load).toHaveBeenCalledTimes(2)
    expect(stage.server.open).toBe(1)
  })

  test('says how it is getting on', async () => {
    const { socket } = stage
    expect([socket.status.value, socket.isConnected.value]).toEqual(['idle', false])

    stage.connect()
    expect(socket.status.value).toBe('connecting')

    const served = await stage.server.accept()
    served.hello()
    const sync = await served.receive('sync')
    expect([socket.status.value, socket.isConnected.value]).toEqual(['syncing', false])

    served.ack(sync, { cursor: 10, more: false })
    await until(() => socket.isConnected.value)
    expect(socket.status.value).toBe('online')

    served.cut()
    await until(() => !socket.isConnected.value)
    expect(socket.status.value).toBe('waiting')

    socket.disconnect()
    expect([socket.status.value, socket.retryAt.value]).toEqual(['idle', null])
  })
})

describe('after disconnecting', () => {
  const listeners = () => [
    ...getEventListeners(stage.window, 'online'),
    ...getEventListeners(stage.document, 'visibilitychange'),
  ]

  async function expectNothingLeft({ made }: { made: number }) {
    expect(vi.getTimerCount()).toBe(0)
    expect(listeners()).toEqual([])
    await until(() => stage.server.open === 0)
    await vi.advanceTimersByTimeAsync(120_000)
    stage.window.dispatchEvent(new Event('online'))
    stage.document.dispatchEvent(new Event('visibilitychange'))
    expect(stage.server.connections.length).toBeLessThanOrEqual(made)
    expect(stage.socket.status.value).toBe('idle')
  }

  test('while online, nothing is left', async () => {
    await stage.goOnline()
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    expect(listeners()).toHaveLength(2)

    stage.socket.disconnect()
    await expectNothingLeft({ made: 1 })
  })

  test('while the socket opens, nothing is left', async () => {
    stage.connect()
    stage.socket.disconnect()
    await expectNothingLeft({ made: 1 })
  })

  test('while waiting for the next attempt, nothing is left', async () => {
    const served = await stage.goOnline()
    served.cut()
    await until(() => stage.socket.status.value === 'waiting')

    stage.socket.disconnect()
    await expectNothingLeft({ made: 1 })
  })

  test('while everything is loaded, nothing is left, and what is loaded leads nowhere', async () => {
    let loaded!: (position: { epoch: string; cursor: number }) => void
    stage.load.mockImplementation(() => new Promise((resolve) => (loaded = resolve)))
    stage.socket.connect({ token: 'a-token', ticket: stage.ticket, load: stage.load })
    const served = await stage.server.accept()
    served.hello()
    await until(() => stage.load.mock.calls.length === 1)

    stage.socket.disconnect()
    loaded({ epoch: 'e1', cursor: 10 })
    await expectNothingLeft({ made: 1 })
    expect(served.heard).toEqual([])
  })

  test('from within a handler drops the events behind that one', async () => {
    const served = await stage.goOnline()
    const unsubscribe = subscribe(() => stage.socket.disconnect())
    served.send({ type: 'typing', data: { user_id: 2, group_id: null } })
    served.send({ type: 'typing', data: { user_id: 3, group_id: null } })
    await until(() => served.isOver)
    unsubscribe()

    expect(stage.told).toHaveLength(1)
    await expectNothingLeft({ made: 1 })
  })

  test('a hundred times over, nothing is left', async () => {
    for (let n = 0; n < 100; n += 1) {
      await stage.goOnline()
      stage.socket.disconnect()
    }
    await expectNothingLeft({ made: 100 })
  })
})

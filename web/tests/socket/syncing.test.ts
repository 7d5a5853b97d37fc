import { beforeEach, describe, expect, test, vi } from 'vitest'

import { ApiError } from '@/api/errors'
import type { Position } from '@/api/wire'

import { until } from '../server'
import { read, type Served, setStage } from './scripted'

const stage = setStage()

const seqs = () => stage.told.map(({ seq }) => seq)
const waits = () => until(() => stage.socket.status.value === 'waiting')

/** Lose the connection and accept the next one. */
async function acceptAgain(lost: Served): Promise<Served> {
  lost.cut()
  await waits()
  stage.socket.retryNow()
  return stage.server.accept()
}

/** Lose the connection and return where the next one resumes. */
async function resumed(lost: Served): Promise<unknown> {
  const served = await acceptAgain(lost)
  return (await served.greet()).data
}

/** Loads that finish when the test says so. */
function heldLoads(): { resolve(position: Position): void; reject(error: Error): void }[] {
  const held: ReturnType<typeof heldLoads> = []
  stage.load.mockImplementation(() => new Promise((resolve, reject) => held.push({ resolve, reject })))
  return held
}

describe('the first connection', () => {
  test('loads everything and goes on from there', async () => {
    stage.connect({ epoch: 'e1', cursor: 7 })
    const sync = await (await stage.server.accept()).greet()

    expect(stage.load).toHaveBeenCalledOnce()
    expect(sync.data).toEqual({ epoch: 'e1', since: 7 })
  })

  test('goes on from what was loaded, where that is of a newer log than the hello', async () => {
    stage.connect({ epoch: 'e2', cursor: 3 })
    const sync = await (await stage.server.accept()).greet()

    expect(sync.data).toEqual({ epoch: 'e2', since: 3 })
  })

  test('whose loading fails is made again, and everything is loaded then', async () => {
    stage.connect()
    stage.load.mockRejectedValueOnce(new ApiError({ status: 503, code: 'storage_unavailable', detail: '' }))
    const served = await stage.server.accept()
    served.hello()
    await waits()
    stage.socket.retryNow()
    const sync = await (await stage.server.accept()).greet()

    expect(sync.data).toEqual({ epoch: 'e1', since: 10 })
    expect(stage.load).toHaveBeenCalledTimes(2)
  })

  test('whose loading fails at once is made again as well', async () => {
    stage.connect()
    stage.load.mockImplementationOnce(() => {
      throw new TypeError('a bug')
    })
    ;(await stage.server.accept()).hello()
    await waits()
  })
})

describe('the next connection goes on', () => {
  let served: Served

  beforeEach(async () => {
    served = await stage.goOnline()
  })

  test('without loading anything', async () => {
    expect(await resumed(served)).toEqual({ epoch: 'e1', since: 10 })
    expect(stage.load).toHaveBeenCalledOnce()
  })

  test('behind the last event', async () => {
    served.send(read(12))
    served.send(read(17))
    await stage.pass(served)

    expect(await resumed(served)).toEqual({ epoch: 'e1', since: 17 })
  })

  test('behind the answer to its own last command', async () => {
    const answer = stage.socket.request('read', { user: 2, up_to: 5 })
    served.ack(await served.receive('read'), { up_to: 5 }, 21)
    await answer

    expect(await resumed(served)).toEqual({ epoch: 'e1', since: 21 })
  })

  test('where it was, after an answer that changed nothing', async () => {
    const answer = stage.socket.request('read', { user: 2, up_to: 5 })
    served.ack(await served.receive('read'), { up_to: 5 })
    await answer

    expect(await resumed(served)).toEqual({ epoch: 'e1', since: 10 })
  })

  test('where the last pong says', async () => {
    vi.advanceTimersByTime(30_000)
    await served.pong(30)
    await stage.pass(served)

    expect(await resumed(served)).toEqual({ epoch: 'e1', since: 30 })
  })

  test('where the last sync ended', async () => {
    const next = await acceptAgain(served)
    next.hello()
    next.ack(await next.receive('sync'), { cursor: 44, more: false })
    await until(() => stage.socket.isConnected.value)

    expect(await resumed(next)).toEqual({ epoch: 'e1', since: 44 })
  })

  test('behind what it was told of a replay that was cut', async () => {
    const next = await acceptAgain(served)
    next.hello()
    await next.receive('sync')
    next.send(read(11))
    next.send(read(14))
    await stage.pass(next)

    expect(await resumed(next)).toEqual({ epoch: 'e1', since: 14 })
    expect(seqs()).toEqual([11, 14])
  })

  test('from the start, if the log is another one', async () => {
    stage.load.mockResolvedValue({ epoch: 'e2', cursor: 2 })
    const next = await acceptAgain(served)
    const sync = await next.greet({ epoch: 'e2' })
    next.send(read(3))
    await stage.pass(next)

    expect(stage.load).toHaveBeenCalledTimes(2)
    expect(sync.data).toEqual({ epoch: 'e2', since: 2 })
    expect(seqs()).toEqual([3])
  })
})

describe('a replay', () => {
  let served: Served

  beforeEach(async () => {
    stage.connect()
    served = await stage.server.accept()
    served.hello()
  })

  test('is asked for page by page', async () => {
    const first = await served.receive('sync')
    served.send(read(11))
    served.send(read(12))
    served.ack(first, { cursor: 15, more: true })
    const second = await served.receive('sync')
    served.send(read(18))
    served.ack(second, { cursor: 18, more: true })
    const third = await served.receive('sync')
    served.ack(third, { cursor: 20, more: false })
    await until(() => stage.socket.isConnected.value)
    served.send(read(21))
    await stage.pass(served)

    expect([first, second, third].map(({ data }) => data?.since)).toEqual([10, 15, 18])
    expect(seqs()).toEqual([11, 12, 18, 21])
  })

  test('that does not reach back so far makes the client load everything again', async () => {
    stage.load.mockResolvedValue({ epoch: 'e1', cursor: 90 })
    served.refuse(await served.receive('sync'), 'resync')
    const sync = await served.receive('sync')
    served.ack(sync, { cursor: 90, more: false })
    await until(() => stage.socket.isConnected.value)

    expect(sync.data).toEqual({ epoch: 'e1', since: 90 })
    expect(stage.load).toHaveBeenCalledTimes(2)
  })

  test('that still does not reach back then is tried again later, not over and over', async () => {
    served.refuse(await served.receive('sync'), 'resync')
    served.refuse(await served.receive('sync'), 'resync')
    await waits()
    expect(stage.load).toHaveBeenCalledTimes(2)

    stage.socket.retryNow()
    const next = await stage.server.accept()
    next.hello()
    next.refuse(await next.receive('sync'), 'resync')
    next.ack(await next.receive('sync'), { cursor: 10, more: false })
    await until(() => stage.socket.isConnected.value)
    expect(stage.load).toHaveBeenCalledTimes(3)
  })

  test('from before a log that was cut back goes on where that ends', async () => {
    stage.load.mockResolvedValue({ epoch: 'e1', cursor: 4 })
    served.refuse(await served.receive('sync'), 'resync')
    served.ack(await served.receive('sync'), { cursor: 4, more: false })
    served.send(read(5))
    await stage.pass(served)

    expect(seqs()).toEqual([5])
  })

  test('that fails is tried again later', async () => {
    served.refuse(await served.receive('sync'), 'storage_unavailable')
    await waits()
    stage.socket.retryNow()
    await (await stage.server.accept()).greet()
    await until(() => stage.socket.isConnected.value)

    expect(stage.load).toHaveBeenCalledOnce()
  })

  test('that comes too often is tried again when the server says', async () => {
    served.refuse(await served.receive('sync'), 'rate_limited', { retry_after_ms: 7_777 })
    await waits()

    expect(stage.socket.retryAt.value).toBe(Date.now() + 7_777)
  })
})

describe('loading', () => {
  test('goes on while the connection is lost, and is not begun twice', async () => {
    const loads = heldLoads()
    stage.socket.connect({ token: 'a-token', ticket: stage.ticket, load: stage.load })
    const first = await stage.server.accept()
    first.hello()
    await until(() => loads.length === 1)
    const second = await acceptAgain(first)
    second.hello()
    await until(() => stage.socket.status.value === 'syncing')
    loads[0]?.resolve({ epoch: 'e1', cursor: 10 })
    const sync = await second.receive('sync')

    expect(sync.data).toEqual({ epoch: 'e1', since: 10 })
    expect(loads).toHaveLength(1)
  })

  // Otherwise events of the second connection could be overwritten by what was loaded before they happened.
  test('after a resync is waited for by the next connection', async () => {
    const first = await stage.goOnline()
    const loads = heldLoads()
    const second = await acceptAgain(first)
    second.hello()
    second.refuse(await second.receive('sync'), 'resync')
    await until(() => loads.length === 1)
    const third = await acceptAgain(second)
    third.hello()
    await until(() => stage.socket.status.value === 'syncing')
    await stage.pass(third)
    expect(third.heard).toEqual([])

    loads[0]?.resolve({ epoch: 'e1', cursor: 50 })
    expect((await third.receive('sync')).data).toEqual({ epoch: 'e1', since: 50 })
  })

  test('keeps the connection alive', async () => {
    const loads = heldLoads()
    stage.socket.connect({ token: 'a-token', ticket: stage.ticket, load: stage.load })
    const served = await stage.server.accept()
    served.hello()
    await until(() => loads.length === 1)
    vi.advanceTimersByTime(30_000)
    await served.pong()

    expect(stage.socket.status.value).toBe('syncing')
  })
})

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, beforeEach, type Mock, vi } from 'vitest'
import { type WebSocket as Socket, WebSocketServer } from 'ws'

import type { Position, ServerEvent } from '@/api/wire'
import { subscribe } from '@/events'
import { socket } from '@/transport/socket'

import { fakeTimers, until, visit } from '../server'

export interface Frame {
  type: string
  id?: number
  data?: Record<string, unknown>
}

/** What the server's hello says, unless a test says otherwise. */
export const HELLO = { protocol: 2, epoch: 'e1', cursor: 10, heartbeat_ms: 30_000, max_frame_bytes: 65_536 }

const BARRIER = 'barrier'

/** One socket as the server sees it. The test decides what is sent, and when. */
export class Served {
  readonly request: IncomingMessage
  readonly heard: Frame[] = []
  readonly #socket: Socket
  #next = 0
  isOver = false

  constructor(socket: Socket, request: IncomingMessage) {
    this.#socket = socket
    this.request = request
    socket.on('message', (data) => this.heard.push(JSON.parse((data as Buffer).toString()) as Frame))
    socket.on('close', () => (this.isOver = true))
    socket.on('error', () => undefined)
  }

  /** Send a frame; a string is sent as it is. */
  send(frame: object | string): void {
    this.#socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** The next frame that the client sends. */
  async receive(type: string): Promise<Frame> {
    await until(() => this.heard.length > this.#next)
    const frame = this.heard[this.#next] as Frame
    this.#next += 1
    if (frame.type !== type) throw new Error(`${type} was due, but ${JSON.stringify(frame)} came`)
    return frame
  }

  ack(command: Frame, data: object, seq?: number): void {
    this.send({ type: 'ack', re: command.id, ...(seq === undefined ? {} : { seq }), data })
  }

  refuse(command: Frame, code: string, more: object = {}): void {
    this.send({ type: 'error', re: command.id, error: { code, detail: `It is ${code}.`, ...more } })
  }

  hello(data: Partial<typeof HELLO> = {}): void {
    this.send({ type: 'hello', data: { ...HELLO, ...data } })
  }

  /** Say hello, and answer the sync that follows with nothing new. */
  async greet(hello: Partial<typeof HELLO> = {}): Promise<Frame> {
    this.hello(hello)
    const sync = await this.receive('sync')
    this.ack(sync, { cursor: sync.data?.since, more: false })
    return sync
  }

  /** Answer a ping. */
  async pong(cursor: number | null = null): Promise<void> {
    await this.receive('ping')
    this.send({ type: 'pong', data: { cursor } })
  }

  close(code: number): void {
    this.#socket.close(code)
  }

  /** Cut the connection without a close frame. */
  cut(): void {
    this.#socket.terminate()
  }

  /** Receive nothing any more, not even a close frame, as after a cable was pulled. */
  freeze(): void {
    this.#socket.pause()
  }
}

/** A real WebSocket server that does what a test tells it to. */
export class ScriptedServer {
  readonly connections: Served[] = []
  readonly #server: WebSocketServer
  #next = 0

  private constructor(server: WebSocketServer) {
    this.#server = server
    server.on('connection', (socket, request) => this.connections.push(new Served(socket, request)))
  }

  static async start(): Promise<ScriptedServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'chatd.v2' })
    await once(server, 'listening')
    return new ScriptedServer(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The next connection that a client makes. */
  async accept(): Promise<Served> {
    await until(() => this.connections.length > this.#next)
    this.#next += 1
    return this.connections[this.#next - 1] as Served
  }

  /** How many sockets are open. */
  get open(): number {
    return this.#server.clients.size
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Two events: one with a position in the log, and one without. */
export const read = (seq: number) => ({
  type: 'read',
  seq,
  data: { reader_id: 2, user_id: 1, group_id: null, up_to: seq },
})
export const typing = { type: 'typing', data: { user_id: 2, group_id: null } }

/** What a browser's page has and Node has not, as far as the connection uses it. */
export interface Page {
  window: EventTarget
  document: EventTarget & { visibilityState: DocumentVisibilityState }
}

export interface Stage extends Page {
  server: ScriptedServer
  socket: typeof socket
  /** Every event that was published. */
  told: ServerEvent[]
  /** Connect, with a load at `position`. */
  connect(position?: Position): void
  /** Connect and catch up. */
  goOnline(hello?: Partial<typeof HELLO>): Promise<Served>
  /** Wait until the client has taken all that was sent before, by an event without a position in the log. */
  pass(served: Served): Promise<void>
  ticket: Mock<(signal: AbortSignal) => Promise<string>>
  load: Mock<() => Promise<Position>>
}

/** Give each test a scripted server, a page from it, fake timers and the connection, and clean up after it. */
export function setStage(): Stage {
  const stage = {} as Stage
  let unsubscribe: () => void

  beforeEach(async () => {
    stage.server = await ScriptedServer.start()
    stage.window = new EventTarget()
    stage.document = Object.assign(new EventTarget(), { visibilityState: 'visible' as const })
    stage.socket = socket
    stage.told = []
    stage.ticket = vi.fn(async () => 'a-ticket')
    stage.load = vi.fn()
    stage.connect = (position = { epoch: HELLO.epoch, cursor: HELLO.cursor }) => {
      stage.load.mockResolvedValue(position)
      stage.socket.connect({ token: 'a-token', ticket: stage.ticket, load: stage.load })
    }
    stage.goOnline = async (hello) => {
      if (stage.socket.status.value === 'idle') stage.connect()
      const served = await stage.server.accept()
      await served.greet(hello)
      await until(() => stage.socket.isConnected.value)
      return served
    }
    let passed = 0
    stage.pass = async (served) => {
      const before = passed
      served.send({ type: BARRIER, data: {} })
      await until(() => passed > before)
    }
    unsubscribe = subscribe((event) => {
      if ((event.type as string) === BARRIER) passed += 1
      else stage.told.push(event)
    })
    vi.stubGlobal('window', stage.window)
    vi.stubGlobal('document', stage.document)
    visit(stage.server.url)
    await fakeTimers()
  })

  afterEach(async () => {
    unsubscribe()
    stage.socket.disconnect()
    vi.useRealTimers()
    await stage.server.close()
  })

  return stage
}

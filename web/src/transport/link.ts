import { CommandError, ConnectionLost } from '@/api/errors'
import { apiAddress } from '@/api/settings'
import type { Commands, ControlData, ServerEvent } from '@/api/wire'

import { Heartbeat } from './heartbeat'

const PROTOCOL = 'chatd.v2'

/** The close code of a socket that was lost without a close frame. */
const ABNORMAL = 1006

export type Hello = ControlData['hello']

/** How a link ended. */
export interface Ending {
  code: number
  /** How long to wait before coming back, if the server said so. */
  retryAfterMs: number | null
  /** Whether the server had said hello. */
  wasGreeted: boolean
}

/** Receives what arrives over a link, in order. */
export interface Listener {
  hello(hello: Hello): void
  event(event: ServerEvent): void
  /** Everything up to `seq` has arrived. */
  reached(seq: number): void
  /** The server closed the link, or it was lost. */
  ended(ending: Ending): void
}

type Frame =
  | { type: 'ack'; re: number; seq?: number; data: unknown }
  | { type: 'error'; re: number | null; error: { code: string; detail: string; retry_after_ms?: number } }
  | { [T in keyof ControlData]: { type: T; data: ControlData[T] } }[keyof ControlData]
  | ServerEvent

interface Asked {
  resolve(answer: unknown): void
  reject(error: Error): void
}

/** One socket, from its opening to its closing. */
export class Link {
  readonly #socket: WebSocket
  readonly #listener: Listener
  readonly #listening = new AbortController()
  readonly #heartbeat: Heartbeat
  readonly #asked = new Map<number, Asked>()
  #lastId = 0
  #isGreeted = false
  #retryAfterMs: number | null = null

  /**
   * Open a socket.
   *
   * @param credential `ticket.…`, or `bearer.…` with a token. It is sent as a subprotocol, so that it is in no log of
   * addresses.
   */
  constructor(credential: string, listener: Listener) {
    this.#listener = listener
    const address = apiAddress('/messages/ws')
    address.protocol = address.protocol.replace('http', 'ws')
    this.#socket = new WebSocket(address, [PROTOCOL, credential])
    const { signal } = this.#listening
    this.#socket.addEventListener('message', ({ data }) => this.#hear(data), { signal })
    this.#socket.addEventListener('close', ({ code }) => this.#end(code), { signal })
    this.#heartbeat = new Heartbeat(
      () => this.#send('{"type":"ping"}'),
      () => this.#end(ABNORMAL),
    )
  }

  /** Send a command; rejects with {@link CommandError} or {@link ConnectionLost}. */
  ask<T extends keyof Commands>(type: T, data: Commands[T]['data']): Promise<Commands[T]['answer']> {
    if (this.#listening.signal.aborted) return Promise.reject(new ConnectionLost())
    const id = (this.#lastId += 1)
    this.#send(JSON.stringify({ type, id, data }))
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve: resolve, reject }))
  }

  /** Find out soon whether the connection is still alive. */
  probe(): void {
    this.#heartbeat.probe()
  }

  /** Close the link without telling the listener. Unanswered commands reject with {@link ConnectionLost}. */
  close(): void {
    this.#listening.abort()
    this.#heartbeat.stop()
    this.#socket.close()
    for (const asked of this.#asked.values()) asked.reject(new ConnectionLost())
    this.#asked.clear()
  }

  /** Send a frame, unless the socket is closing: the command is then lost with the link. */
  #send(frame: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame)
  }

  #end(code: number): void {
    this.close()
    this.#listener.ended({ code, retryAfterMs: this.#retryAfterMs, wasGreeted: this.#isGreeted })
  }

  #hear(data: unknown): void {
    const frame = parse(data)
    if (frame === null) {
      // Whatever this was meant to be is missing now; a new link gets it again.
      this.#end(ABNORMAL)
      return
    }
    this.#heartbeat.heard()
    this.#take(frame)
  }

  #take(frame: Frame): void {
    switch (frame.type) {
      case 'hello':
        if (this.#isGreeted) break
        this.#isGreeted = true
        this.#heartbeat.start(frame.data.heartbeat_ms)
        this.#listener.hello(frame.data)
        break
      case 'ack':
        if (frame.seq !== undefined) this.#listener.reached(frame.seq)
        this.#answered(frame.re)?.resolve(frame.data)
        break
      case 'error': {
        const { code, detail, retry_after_ms: retryAfterMs = null } = frame.error
        this.#answered(frame.re)?.reject(new CommandError({ code, detail, retryAfterMs }))
        break
      }
      case 'pong':
        if (frame.data.cursor !== null) this.#listener.reached(frame.data.cursor)
        break
      case 'restarting':
        this.#retryAfterMs = frame.data.retry_after_ms
        break
      default:
        this.#listener.event(frame)
    }
  }

  #answered(id: number | null): Asked | undefined {
    if (id === null) return undefined
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    return asked
  }
}

function parse(data: unknown): Frame | null {
  try {
    const frame = JSON.parse(String(data)) as Frame | null
    return typeof frame?.type === 'string' ? frame : null
  } catch {
    return null
  }
}

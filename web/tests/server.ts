import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { vi } from 'vitest'

import { ApiError } from '@/api/errors'
import type { Message, Position, User } from '@/api/wire'

/** No limits: tests make accounts and send as fast as they can. */
const UNLIMITED = {
  CHATD_LIMITS_REQUESTS_PER_SECOND: '0',
  CHATD_LIMITS_COMMANDS_PER_SECOND: '0',
  CHATD_LIMITS_MESSAGES_PER_SECOND: '0',
  CHATD_LIMITS_LOGINS_PER_MINUTE: '0',
  CHATD_LIMITS_REGISTRATIONS_PER_HOUR: '0',
}

/** The real function, even while a test fakes its timers. */
const later = globalThis.setTimeout

let firstSocket: Promise<void> | undefined

/** How long a test waits for anything, on a busy machine. */
const PATIENCE_MS = 30_000

/** Somebody with an account, signed in. */
export interface Person {
  user: User
  username: string
  password: string
  token: string
}

interface Request {
  token?: string
  json?: object
  form?: URLSearchParams
}

interface Response {
  headers: http.IncomingHttpHeaders
  text: string
}

/** A real `chatd serve` with a data directory of its own. `$CHATD` is the command if `chatd` is not on the path. */
export class ChatServer {
  readonly #directory: string
  readonly #env: Record<string, string>
  #process: ChildProcess | null = null
  #url = ''

  private constructor(directory: string, env: Record<string, string>) {
    this.#directory = directory
    this.#env = env
  }

  /**
   * Start a server.
   *
   * @param env more settings, such as `CHATD_ACCOUNTS_REGISTRATION`.
   */
  static async start(env: Record<string, string> = {}): Promise<ChatServer> {
    const server = new ChatServer(await mkdtemp(join(tmpdir(), 'chatd-web-')), env)
    await server.#run('0')
    return server
  }

  /** The server's address, such as `http://127.0.0.1:40183`. */
  get url(): string {
    return this.#url
  }

  /** Kill it, as a crash does. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ask it to stop. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Start it again at the same address. */
  async startAgain(): Promise<void> {
    await this.#run(new URL(this.#url).port)
  }

  /** Kill it and remove its data. */
  async close(): Promise<void> {
    await this.kill()
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** Make an account and sign in to it. */
  async join(username: string, nickname = username): Promise<Person> {
    const password = `password of ${username}`
    const user = await this.call<User>('POST', '/auth/register', { json: { username, password, nickname } })
    return { user, username, password, token: await this.signIn({ username, password }) }
  }

  /** Start another session and return its token. */
  async signIn({ username, password }: Pick<Person, 'username' | 'password'>): Promise<string> {
    const form = new URLSearchParams({ username, password })
    return (await this.call<{ access_token: string }>('POST', '/auth/login', { form })).access_token
  }

  /** Send a message by REST. */
  async send(from: Person, to: Person, content: string): Promise<Pick<Message, 'id' | 'content'>> {
    return this.call('POST', `/messages/send/${to.user.id}`, { token: from.token, json: { content } })
  }

  /** Return the present position in the change log, as a user sees it. */
  async position(token: string): Promise<Position> {
    const { headers } = await this.#request('GET', '/conversations', { token })
    return { epoch: String(headers['chatd-epoch']), cursor: Number(headers['chatd-cursor']) }
  }

  /** Get a ticket for a socket. */
  async ticket(token: string): Promise<string> {
    return (await this.call<{ ticket: string }>('POST', '/auth/tickets', { token })).ticket
  }

  /** Make any REST call. One that fails throws an {@link ApiError}. */
  async call<T>(method: string, path: string, request: Request = {}): Promise<T> {
    const { text } = await this.#request(method, path, request)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  /** Without `fetch`, which hangs in Node while a test's timers are faked. */
  async #request(method: string, path: string, { token, json, form }: Request): Promise<Response> {
    const body = json === undefined ? String(form ?? '') : JSON.stringify(json)
    const request = http.request(new URL(path, this.#url), {
      method,
      agent: false,
      headers: {
        'Content-Length': Buffer.byteLength(body),
        'Content-Type': json === undefined ? 'application/x-www-form-urlencoded' : 'application/json',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
    })
    request.end(body)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    const text = (await response.setEncoding('utf8').toArray()).join('')
    const { statusCode = 0, headers } = response
    if (statusCode >= 300) {
      const { code } = JSON.parse(text) as { code: string }
      throw new ApiError({ status: statusCode, code, detail: `${method} ${path}: ${statusCode} ${text}` })
    }
    return { headers, text }
  }

  async #run(port: string): Promise<void> {
    const [command = 'chatd', ...rest] = (process.env.CHATD ?? 'chatd').split(' ')
    const child = spawn(command, [...rest, 'serve', '--port', port, '--data-dir', join(this.#directory, 'data')], {
      cwd: this.#directory,
      env: { ...process.env, ...UNLIMITED, ...this.#env, CHATD_LOG_FORMAT: 'text' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#process = child
    const killed = () => child.kill('SIGKILL')
    process.once('exit', killed)
    child.once('close', () => process.off('exit', killed))
    this.#url = await listening(child)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill(signal)
    await closed
  }
}

/** Set `location` as if this process's page came from a server. */
export function visit(url: string): void {
  vi.stubGlobal('location', new URL(url))
}

/** Wait until a condition is true, even while the test's timers are faked. */
export async function until(condition: () => unknown): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it never came to this: ${String(condition)}`)
    await new Promise((resolve) => later(resolve, 5))
  }
}

/**
 * Fake the timers that the connection uses; sockets go on. A second `fetch` to a server hangs in Node while they are
 * faked, and one made before blocks sockets to the same server as well.
 */
export async function fakeTimers(): Promise<void> {
  firstSocket ??= makeFirstSocket()
  await firstSocket
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
}

/** With its first socket Node makes a timer that it keeps, which tests must not count. */
async function makeFirstSocket(): Promise<void> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await new Promise((resolve) => socket.addEventListener('close', resolve))
  server.close()
}

/** Read the server's log until it says where it listens, and ignore the rest. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const log: string[] = []
    const ended = (reason: unknown) => reject(new Error(`chatd does not start: ${String(reason)}\n${log.join('\n')}`))
    child.once('error', ended)
    child.once('close', ended)
    if (child.stderr === null) return
    createInterface(child.stderr).on('line', (line) => {
      log.push(line)
      const address = /listens on (\S+)/.exec(line)?.[1]
      if (address !== undefined) resolve(address)
    })
  })
}

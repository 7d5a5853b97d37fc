import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { vi } from 'vitest'

import type { Message, User } from '@/api/wire'

/** Tests make accounts and send as fast as they can. */
const UNLIMITED = {
  CHATD_LIMITS_REQUESTS_PER_SECOND: '0',
  CHATD_LIMITS_COMMANDS_PER_SECOND: '0',
  CHATD_LIMITS_MESSAGES_PER_SECOND: '0',
  CHATD_LIMITS_LOGINS_PER_MINUTE: '0',
  CHATD_LIMITS_REGISTRATIONS_PER_HOUR: '0',
}

/** The real one, whatever a test does to its timers. */
const later = globalThis.setTimeout

/** How long anything may take before a test gives up, on a busy machine. */
const PATIENCE_MS = 30_000

/** Somebody with an account, signed in. */
export interface Person {
  user: User
  username: string
  password: string
  token: string
}

/** A real `chatd serve` with a data directory of its own. `$CHATD` is the command, where it is not on the path. */
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

  /** Where it is, such as `http://127.0.0.1:40183`. */
  get url(): string {
    return this.#url
  }

  /** End it at once, as a crash does. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ask it to end. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Start it again, where it was. */
  async startAgain(): Promise<void> {
    await this.#run(new URL(this.#url).port)
  }

  /** End it and remove its data. */
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
    const body = new URLSearchParams({ username, password })
    return (await this.call<{ access_token: string }>('POST', '/auth/login', { body })).access_token
  }

  /** Send a message by REST. */
  async send(from: Person, to: Person, content: string): Promise<Pick<Message, 'id' | 'content'>> {
    return this.call('POST', `/messages/send/${to.user.id}`, { token: from.token, json: { content } })
  }

  /** Do any REST call; one that fails is an error. */
  async call<T>(
    method: string,
    path: string,
    { token, json, body }: { token?: string; json?: object; body?: BodyInit } = {},
  ): Promise<T> {
    const response = await fetch(new URL(path, this.#url), {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: json === undefined ? (body ?? null) : JSON.stringify(json),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
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

/** Have this process's page come from a server, as `location` says. */
export function visit(url: string): void {
  vi.stubGlobal('location', new URL(url))
}

/** Wait until something is so, however the test's timers are faked. */
export async function until(condition: () => unknown): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it never came to this: ${condition}`)
    await new Promise((resolve) => later(resolve, 5))
  }
}

/** Read the server's log until it says where it listens, and let it flow from then on. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const log: string[] = []
    const ended = (reason: unknown) => reject(new Error(`chatd does not start: ${reason}\n${log.join('\n')}`))
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

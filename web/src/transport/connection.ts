import { ref, shallowRef } from 'vue'

import { ApiError, CommandError, ConnectionLost } from '@/api/errors'
import type { Commands, CommandType, Position, ServerEvent } from '@/api/wire'

import { Backoff } from './backoff'
import { type Ending, Link } from './link'
import { onWake } from './wake'

export type Status = 'connecting' | 'syncing' | 'online' | 'waiting' | 'stopped'

/** Why connecting again is useless. */
export interface Stopped {
  code: number
  reason: 'no_token' | 'session_ended' | 'no_account' | 'too_many' | 'protocol'
}

export interface Options {
  token: string
  /** Get a ticket, which replaces the token in one handshake; rejects with an {@link ApiError}. */
  ticket: (signal: AbortSignal) => Promise<string>
  /** Load the present state by REST, and return its position in the change log. */
  load: () => Promise<Position>
}

const FINAL: Readonly<Record<number, Stopped['reason']>> = {
  4001: 'no_token',
  4002: 'session_ended',
  4003: 'no_account',
  4009: 'too_many',
  1002: 'protocol',
  1003: 'protocol',
  1007: 'protocol',
  1009: 'protocol',
}

const FLOODED = 1008
const NOT_AUTHENTICATED = 4002
const NO_ACCOUNT = 4003

/** A user's connection: a link that is replaced when it is lost, and every event once and in order. */
export class Connection {
  readonly token: string
  readonly status = ref<Status>('connecting')
  readonly retryAt = ref<number | null>(null)
  readonly stopped = shallowRef<Stopped | null>(null)
  readonly #ticket: Options['ticket']
  readonly #load: Options['load']
  readonly #deliver: (event: ServerEvent) => void
  readonly #backoff = new Backoff()
  readonly #open = new AbortController()
  #asking: AbortController | null = null
  #link: Link | null = null
  #retry: ReturnType<typeof setTimeout> | undefined
  #position: Position | null = null
  #loading: Promise<void> | null = null

  /**
   * Connect.
   *
   * @param deliver takes every event, once, in order.
   */
  constructor({ token, ticket, load }: Options, deliver: (event: ServerEvent) => void) {
    this.token = token
    this.#ticket = ticket
    this.#load = load
    this.#deliver = deliver
    onWake(() => this.#wake(), this.#open.signal)
    this.#connect()
  }

  /** Send a command, now or not at all. */
  request<T extends CommandType>(type: T, data: Commands[T]['data']): Promise<Commands[T]['answer']> {
    if (this.#link === null || this.status.value !== 'online') return Promise.reject(new ConnectionLost())
    return this.#link.ask(type, data)
  }

  /** Connect now, if waiting or stopped. */
  retryNow(): void {
    if (this.status.value === 'waiting' || this.status.value === 'stopped') this.#connect()
  }

  /** Close the connection for good. */
  close(): void {
    this.#open.abort()
    this.#letGo()
  }

  #connect(): void {
    this.#letGo()
    this.stopped.value = null
    this.status.value = 'connecting'
    this.#asking = new AbortController()
    void this.#askAndOpen(this.#asking.signal)
  }

  async #askAndOpen(signal: AbortSignal): Promise<void> {
    try {
      const credential = await this.#credential(signal)
      if (!signal.aborted) this.#openLink(credential)
    } catch (error) {
      if (!signal.aborted) this.#refused(error)
    }
  }

  /** Get the credential for a handshake: a ticket, or the token itself if the server has no tickets. */
  async #credential(signal: AbortSignal): Promise<string> {
    try {
      return `ticket.${await this.#ticket(signal)}`
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return `bearer.${this.token}`
      throw error
    }
  }

  #openLink(credential: string): void {
    const link: Link = new Link(credential, {
      hello: ({ epoch }) => void this.#catchUp(link, epoch),
      event: (event) => this.#take(event),
      reached: (seq) => this.#advance(seq),
      ended: (ending) => this.#ended(ending, credential),
    })
    this.#link = link
  }

  /** No ticket could be had: go on as if a link had ended, for the reason the server gave. */
  #refused(error: unknown): void {
    const problem = error instanceof ApiError ? error : null
    const retryAfterMs = problem?.retryAfterMs ?? null
    if (problem?.status === 401) this.#stop(problem.code === 'account_unavailable' ? NO_ACCOUNT : NOT_AUTHENTICATED)
    else this.#wait(retryAfterMs === null ? null : retryAfterMs + this.#backoff.next()) // everybody gets the same
  }

  /** End the request for a ticket, the link and the timer. */
  #letGo(): void {
    this.#asking?.abort()
    this.#asking = null
    this.#link?.close()
    this.#link = null
    clearTimeout(this.#retry)
    this.retryAt.value = null
  }

  #wake(): void {
    this.#backoff.reset()
    if (this.status.value === 'waiting') this.#connect()
    else this.#link?.probe()
  }

  #ended({ code, retryAfterMs, wasGreeted }: Ending, credential: string): void {
    // The ticket may have expired, or be from before a restart: asking for another shows whether the session is over.
    const wasTicketRefused = code === NOT_AUTHENTICATED && !wasGreeted && credential.startsWith('ticket.')
    if (code in FINAL && !wasTicketRefused) {
      this.#stop(code)
      return
    }
    if (code === FLOODED) this.#backoff.slowDown()
    this.#wait(retryAfterMs)
  }

  #stop(code: number): void {
    this.#letGo()
    this.stopped.value = { code, reason: FINAL[code] ?? 'protocol' }
    this.status.value = 'stopped'
  }

  /** Connect again later: when the server said, or after the backoff. */
  #wait(retryAfterMs: number | null): void {
    this.#letGo()
    const ms = retryAfterMs ?? this.#backoff.next()
    this.#retry = setTimeout(() => this.#connect(), ms)
    this.retryAt.value = Date.now() + ms
    this.status.value = 'waiting'
  }

  /** Load what was missed; events flow from then on. */
  async #catchUp(link: Link, epoch: string): Promise<void> {
    this.status.value = 'syncing'
    try {
      if (this.#position?.epoch !== epoch) await this.#reload()
      try {
        await this.#sync(link)
      } catch (error) {
        if (!(error instanceof CommandError) || error.code !== 'resync') throw error
        await this.#reload()
        await this.#sync(link)
      }
      if (link !== this.#link) return
      this.#backoff.reset()
      this.status.value = 'online'
    } catch (error) {
      if (link === this.#link) this.#wait(error instanceof CommandError ? error.retryAfterMs : null)
    }
  }

  async #sync(link: Link): Promise<void> {
    for (let more = true; more && this.#position !== null;) {
      const { epoch, cursor: since } = this.#position
      const answer = await link.ask('sync', { epoch, since })
      this.#advance(answer.cursor)
      more = answer.more
    }
  }

  /**
   * Load everything again. A load in progress is awaited, even across a lost link: of two at once the earlier could
   * finish last, and leave old state behind a later position.
   */
  #reload(): Promise<void> {
    this.#position = null
    this.#loading ??= this.#loadOnce().finally(() => (this.#loading = null))
    return this.#loading
  }

  async #loadOnce(): Promise<void> {
    this.#position = await this.#load()
  }

  #take(event: ServerEvent): void {
    if (event.seq !== undefined) {
      if (this.#position === null || event.seq <= this.#position.cursor) return
      this.#advance(event.seq)
    }
    this.#deliver(event)
  }

  #advance(seq: number): void {
    if (this.#position !== null && seq > this.#position.cursor) this.#position = { ...this.#position, cursor: seq }
  }
}

import { computed, shallowReactive } from 'vue'

import { ApiError } from '@/api/errors'
import type { Message, MessagePage, ServerEvent } from '@/api/wire'
import type { Anchor } from '@/model/messages'
import type { Place } from '@/model/places'
import type { Pending } from '@/offline/unsent'
import type { MessagesQuery } from '@/transport/api'

import { Timer } from '../timer'
import type { Chat, Loading } from './chat'
import { Timeline } from './timeline'

/** The stream of events that brings pages up to date: pages requested before it starts are useless. */
export interface Stream {
  begun: Promise<void>
}

/** What a room needs from the rest of the client. */
export interface Surroundings {
  me: () => number
  stream: Stream
  fetch: (place: Place, query: MessagesQuery, signal: AbortSignal) => Promise<MessagePage>
  pending: (place: Place) => readonly Pending[]
  /** Called with the messages of every page, before they are shown. */
  learned: (messages: Message[]) => void
  /** Called a while after the newest messages have changed. */
  keep: (place: Place, newest: Message[]) => void
}

interface Job {
  kind: Loading
  controller: AbortController
  done: Promise<void>
}

/** The size of a page, in messages. */
export const PAGE = 50

/** How long to wait before a retry, and before storing a snapshot, in milliseconds. */
const RETRY_MS = 3_000
const KEEP_MS = 1_000

/** One chat: a stretch of its messages, and the loading of more. */
export class Room {
  readonly place: Place
  readonly timeline = new Timeline()
  readonly chat: Chat
  /** Where the reader is, or was when they left; null at the end. */
  anchor: Anchor | null = null
  readonly #surroundings: Surroundings
  readonly #state = shallowReactive({
    version: 0,
    loading: null as Loading | null,
    error: null as ApiError | null,
    isLoaded: false,
    firstUnreadId: null as number | null,
    readUpToByOther: 0,
  })
  readonly #keeping: Timer
  readonly #retry = new Timer(() => this.#again?.(), RETRY_MS)
  #job: Job | null = null
  /** Repeats the load that failed, if it was one that replaces everything. */
  #again: (() => void) | null = null
  /** The read marker when the chat was opened, until the first unread message is found. */
  #readUpTo: number | null = null

  constructor(place: Place, surroundings: Surroundings) {
    this.place = place
    this.#surroundings = surroundings
    this.#keeping = new Timer(() => surroundings.keep(place, this.timeline.tail(PAGE)), KEEP_MS)
    this.chat = this.#chat()
  }

  #chat(): Chat {
    const { place, timeline } = this
    const state = this.#state
    const { pending } = this.#surroundings
    // Computed, so that a burst of events costs one copy of the array, not one each.
    const shown = computed(() => ({
      version: state.version,
      items: timeline.snapshot(),
      moreBefore: timeline.moreBefore,
      moreAfter: timeline.moreAfter,
      beyond: timeline.beyond,
    }))
    const waiting = computed(() => pending(place))
    return {
      place,
      get items() {
        return shown.value.items
      },
      get pending() {
        return waiting.value
      },
      get moreBefore() {
        return shown.value.moreBefore
      },
      get moreAfter() {
        return shown.value.moreAfter
      },
      get beyond() {
        return shown.value.beyond
      },
      get loading() {
        return state.loading
      },
      get error() {
        return state.error
      },
      get isLoaded() {
        return state.isLoaded
      },
      get firstUnreadId() {
        return state.firstUnreadId
      },
      get readUpToByOther() {
        return state.readUpToByOther
      },
    }
  }

  /** Whether the stretch reaches the end of the chat and is up to date. */
  get isLive(): boolean {
    return this.timeline.isFresh && !this.timeline.moreAfter
  }

  /** Show what was stored on an earlier visit, unless something newer is loaded already. */
  showOld(messages: Message[]): void {
    if (this.#state.isLoaded) return
    this.timeline.showOld(messages)
    this.#state.isLoaded = true
    this.#publish()
  }

  /** Make the first message above `readUpTo` the first unread one; null for none. */
  markUnread(readUpTo: number | null): void {
    this.#state.firstUnreadId = null
    this.#readUpTo = readUpTo
    if (this.timeline.isFresh) this.#findFirstUnread()
  }

  #findFirstUnread(): void {
    const readUpTo = this.#readUpTo
    if (readUpTo === null) return
    const me = this.#surroundings.me()
    const first = this.timeline
      .above(readUpTo)
      .find((message) => message.sender_id !== me && message.deleted_at === null)
    if (first === undefined && this.timeline.moreAfter) return
    this.#readUpTo = null
    this.#state.firstUnreadId = first?.id ?? null
  }

  /** Note that the other has read up to a message. */
  noteRead(upTo: number): void {
    if (upTo > this.#state.readUpToByOther) this.#state.readUpToByOther = upTo
  }

  apply(event: ServerEvent): void {
    this.timeline.apply(event)
    this.#publish()
  }

  #publish(): void {
    if (this.#state.version === this.timeline.version) return
    this.#state.version = this.timeline.version
    if (this.isLive) this.#keeping.start()
  }

  loadNewest(): Promise<void> {
    return this.#replace('newest', {}, () => this.loadNewest())
  }

  /** Load what is on both sides of a message, or after an id that need not be one here. */
  loadAround(id: number, side: 'around' | 'after' = 'around'): Promise<void> {
    return this.#replace('around', { [side]: id }, () => this.loadAround(id, side))
  }

  /** Read the messages again: some have come back. */
  reread(): void {
    if (this.#state.isLoaded) void (this.anchor === null ? this.loadNewest() : this.loadAround(this.anchor.id))
  }

  async loadBefore(): Promise<void> {
    await this.#others('before')
    const { first, moreBefore, isFresh } = this.timeline
    if (this.#job !== null) return this.#job.done
    if (first === undefined || !moreBefore || !isFresh) return
    return this.#load('before', { before: first.id }, (page) => this.timeline.prepend(page))
  }

  async loadAfter(): Promise<void> {
    await this.#others('after')
    const { last, moreAfter, isFresh } = this.timeline
    if (this.#job !== null) return this.#job.done
    if (last === undefined || !moreAfter || !isFresh) return
    return this.#load('after', { after: last.id }, (page) => this.timeline.append(page))
  }

  /** Wait for the load in progress, if it is of another kind. */
  async #others(kind: Loading): Promise<void> {
    if (this.#job !== null && this.#job.kind !== kind) await this.#job.done
  }

  #replace(kind: Loading, query: MessagesQuery, again: () => Promise<void>): Promise<void> {
    this.#again = () => void again()
    return this.#load(kind, query, (page) => {
      this.#again = null
      this.timeline.replace(page)
    })
  }

  /** Load a page, instead of any that is on its way. Afterwards `error` says whether that failed. */
  #load(kind: Loading, query: MessagesQuery, merge: (page: MessagePage) => void): Promise<void> {
    this.#job?.controller.abort()
    this.#retry.stop()
    const controller = new AbortController()
    const job: Job = { kind, controller, done: Promise.resolve() }
    this.#job = job
    this.#state.loading = kind
    this.#state.error = null
    job.done = this.#run({ limit: PAGE, ...query }, controller.signal, merge).finally(() => {
      if (this.#job !== job) return
      this.#job = null
      this.#state.loading = null
    })
    return job.done
  }

  async #run(query: MessagesQuery, signal: AbortSignal, merge: (page: MessagePage) => void): Promise<void> {
    const { stream, fetch, learned } = this.#surroundings
    const me = this.#surroundings.me()
    try {
      await stream.begun
      if (signal.aborted) return
      this.timeline.expect()
      const page = await fetch(this.place, query, signal)
      if (signal.aborted) return
      learned(page.items)
      merge(page)
      this.noteRead(page.items.findLast((message) => message.sender_id === me && message.is_read)?.id ?? 0)
      this.#state.isLoaded = true
      this.#findFirstUnread()
      this.#publish()
    } catch (error) {
      if (signal.aborted) return
      this.timeline.giveUp()
      if (!(error instanceof ApiError)) throw error
      this.#state.error = error
      if (isPassing(error)) this.#retry.start(error.retryAfterMs ?? undefined)
      else this.#again = null
    }
  }

  /** Repeat at once the load that failed. */
  retry(): void {
    if (this.#job === null && this.#state.error !== null) this.#again?.()
  }

  /** The stream of events has started again: what is here may be out of date. */
  restart(readUpToByOther: number): void {
    this.#job?.controller.abort()
    this.timeline.goStale()
    this.#state.readUpToByOther = readUpToByOther
  }

  /** Stop retrying: nobody is looking. What is unread is found out at the next opening. */
  leave(): void {
    this.#retry.stop()
    this.markUnread(null)
  }

  /** Stop everything that is running. */
  dispose(): void {
    this.#job?.controller.abort()
    this.#retry.stop()
    this.#keeping.stop()
  }
}

function isPassing(error: ApiError): boolean {
  return error.status === 0 || error.status === 429 || error.status >= 500
}

import type { Brief, Conversation, EventData, Message, ServerEvent } from '@/api/wire'

import { changed, partner } from '@/model/messages'

/** What the ledger must know of the rest of the client. */
export interface Surroundings {
  me(): number
  brief(userId: number): Brief | undefined
  /** The messages with a user above one id and up to another; null where not all of them are here. */
  between(userId: number, above: number, upTo: number): Message[] | null
}

/** The events since a page was asked for. */
export type Reading = ServerEvent[]

/**
 * The private conversations, put together from pages and events, which may cross on their way. What is unread are the
 * other's messages above one's read marker that were not taken back: pages say how many, events move it by ones, and
 * where neither is enough, the conversation becomes unsure and has to be read again.
 */
export class Ledger {
  /** Rises with every change. */
  version = 0
  /** Conversations to be read again, each with the newest message known of it. */
  readonly unsure = new Map<number, number>()
  readonly #surroundings: Surroundings
  readonly #all = new Map<number, Conversation>()
  /** Those that are as true as the stream of events: it has been followed since they were read. */
  readonly #fresh = new Set<number>()
  /** The place in the change log at which each was read: its page knows of all changes up to there. */
  readonly #asOf = new Map<number, number>()
  /** Messages that had been taken back when they came, so that they were never counted; the event of it comes later. */
  readonly #uncounted = new Set<number>()
  readonly #readings = new Set<Reading>()
  /** Up to where the reader has read, though the server has not confirmed it. */
  readonly #claims = new Map<number, number>()

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  get(userId: number): Conversation | undefined {
    return this.#all.get(userId)
  }

  /** All of them, newest first. */
  list(): Conversation[] {
    return [...this.#all.values()].sort((a, b) => lastId(b) - lastId(a))
  }

  /** Show what was seen at another time until something better is there. */
  showOld(conversations: Conversation[]): void {
    for (const conversation of conversations) this.#all.set(conversation.user.id, conversation)
    this.version += 1
  }

  /** The stream of events begins anew: nothing is certain until it is read again. */
  restart(): void {
    this.#fresh.clear()
    this.#asOf.clear()
    this.#uncounted.clear()
    this.#readings.clear()
    this.unsure.clear()
  }

  /** A page is about to be asked for: keep events from now on. */
  expect(): Reading {
    const reading: Reading = []
    this.#readings.add(reading)
    return reading
  }

  /** The page will not come. */
  giveUp(reading: Reading): void {
    this.#readings.delete(reading)
  }

  /**
   * The page that was expected is there: it replaces what was known, and what happened meanwhile happens again.
   *
   * @param cursor the place in the change log at which it was read.
   */
  merge(reading: Reading, page: Conversation[], cursor: number): void {
    this.#readings.delete(reading)
    for (const conversation of page) {
      const userId = conversation.user.id
      this.#all.set(userId, conversation)
      this.#fresh.add(userId)
      this.#asOf.set(userId, cursor)
      this.unsure.delete(userId)
    }
    const users = new Set(page.map((conversation) => conversation.user.id))
    for (const event of reading) this.#apply(event, users)
    for (const [userId, upTo] of this.#claims) if (users.has(userId)) this.#foresee(userId, upTo)
    this.version += 1
  }

  /** All pages have been read: what was on none of them, and was not told of either, is no more. */
  complete(): void {
    for (const userId of this.#all.keys()) {
      if (!this.#fresh.has(userId) && !this.unsure.has(userId)) this.#all.delete(userId)
    }
    this.version += 1
  }

  /** Take as read what the server is yet to be told of. */
  claim(userId: number, upTo: number): void {
    this.#claims.set(userId, upTo)
    this.#foresee(userId, upTo)
    this.version += 1
  }

  /** The server has been told, or will not be. */
  settle(userId: number): void {
    this.#claims.delete(userId)
  }

  apply(event: ServerEvent): void {
    for (const reading of this.#readings) reading.push(event)
    this.#apply(event, null)
  }

  /** Have the conversation read again. */
  doubt(userId: number): void {
    const conversation = this.#all.get(userId)
    if (conversation !== undefined) this.unsure.set(userId, lastId(conversation))
  }

  #apply(event: ServerEvent, users: Set<number> | null): void {
    switch (event.type) {
      case 'new_message':
        this.#arrive(event.data, users)
        break
      case 'read':
        this.#read(event.data, users)
        break
      case 'message_deleted':
        this.#takeBack(event.data, event.seq ?? Infinity, users)
        this.#change(event.data.id, event)
        break
      case 'message_edited':
        this.#change(event.data.id, event)
        break
      case 'reaction':
        this.#change(event.data.message_id, event)
        break
      case 'profile':
        this.#rename(event.data)
        break
    }
  }

  #arrive(message: Message, users: Set<number> | null): void {
    const { brief } = this.#surroundings
    const me = this.#surroundings.me()
    const userId = partner(message, me)
    if (userId === null || (users !== null && !users.has(userId))) return
    const known = this.#all.get(userId)
    if (known !== undefined && message.id <= lastId(known)) return
    const isTheirs = message.sender_id !== me
    const isAbove = isTheirs && message.id > (known?.read_up_to ?? 0)
    const isUnread = isAbove && message.deleted_at === null
    if (isAbove && !isUnread) this.#uncounted.add(message.id)
    const user = known?.user ?? (isTheirs ? message.sender : brief(userId))
    if (user !== undefined) {
      this.#put({
        user,
        last_message: message,
        unread_count: (known?.unread_count ?? 0) + (isUnread ? 1 : 0),
        read_up_to: known?.read_up_to ?? 0,
        others_read_up_to: known?.others_read_up_to ?? 0,
      })
    }
    if (!this.#fresh.has(userId) || this.unsure.has(userId)) this.unsure.set(userId, message.id)
  }

  /** A message was taken back: if it was counted as unread, it is so no longer. */
  #takeBack(gone: EventData['message_deleted'], seq: number, users: Set<number> | null): void {
    const { me, between } = this.#surroundings
    const userId = partner(gone, me())
    const known = userId === null ? undefined : this.#all.get(userId)
    if (userId === null || known === undefined || (users !== null && !users.has(userId))) return
    const asOf = this.#asOf.get(userId) ?? 0
    const wasCounted = !this.#uncounted.delete(gone.id) || gone.id <= asOf
    if (gone.sender_id === me() || gone.id <= known.read_up_to || seq <= asOf || !wasCounted) return
    // If it was seen as gone before this event, the count may already be without it.
    if (between(userId, gone.id - 1, gone.id)?.some((message) => message.deleted_at !== null)) this.doubt(userId)
    else this.#put({ ...known, unread_count: Math.max(0, known.unread_count - 1) })
  }

  #read({ reader_id, user_id, up_to }: EventData['read'], users: Set<number> | null): void {
    const userId = reader_id === this.#surroundings.me() ? user_id : reader_id
    if (user_id === null || userId === null || (users !== null && !users.has(userId))) return
    const known = this.#all.get(userId)
    if (known === undefined) return
    if (userId === reader_id) {
      if (up_to > known.others_read_up_to) this.#put({ ...known, others_read_up_to: up_to })
    } else if (up_to > known.read_up_to) {
      const unread_count = this.#unreadAbove(known, up_to)
      this.#put({ ...known, read_up_to: up_to, unread_count: unread_count ?? known.unread_count })
      if (unread_count === null) this.doubt(userId)
    }
  }

  /** Move the marker before the server does, if what remains unread can be told without it. */
  #foresee(userId: number, upTo: number): void {
    const known = this.#all.get(userId)
    if (known === undefined || upTo <= known.read_up_to) return
    const unread_count = this.#unreadAbove(known, upTo)
    if (unread_count !== null) this.#put({ ...known, read_up_to: upTo, unread_count })
  }

  /** How many would be unread if the marker were at `upTo`; null where that cannot be told. */
  #unreadAbove(conversation: Conversation, upTo: number): number | null {
    const { between } = this.#surroundings
    const me = this.#surroundings.me()
    const userId = conversation.user.id
    const end = lastId(conversation)
    if (upTo >= end) return 0
    const isGone = (message: Message): boolean => message.deleted_at !== null
    const theirs = (messages: Message[]): Message[] => messages.filter((message) => message.sender_id !== me)
    const rest = between(userId, upTo, end)
    if (rest !== null) return theirs(rest).filter((message) => !isGone(message)).length
    if (!this.#fresh.has(userId) || this.unsure.has(userId)) return null
    const read = between(userId, conversation.read_up_to, upTo)
    // If one of them is gone, the event of it may be still to come: nobody knows whether the count includes it.
    if (read === null || theirs(read).some(isGone)) return null
    return Math.max(0, conversation.unread_count - theirs(read).length)
  }

  #change(id: number, event: ServerEvent): void {
    for (const conversation of this.#all.values()) {
      if (conversation.last_message?.id !== id) continue
      const last_message = changed(conversation.last_message, event)
      if (last_message !== conversation.last_message) this.#put({ ...conversation, last_message })
      return
    }
  }

  #rename(user: Brief): void {
    const known = this.#all.get(user.id)
    if (known !== undefined) this.#put({ ...known, user })
  }

  #put(conversation: Conversation): void {
    this.#all.set(conversation.user.id, conversation)
    this.version += 1
  }
}

function lastId(conversation: Conversation): number {
  return conversation.last_message?.id ?? 0
}

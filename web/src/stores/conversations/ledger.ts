import type { Brief, Conversation, EventData, Message, ServerEvent } from '@/api/wire'
import { placeOfConversation } from '@/model/conversations'
import { afterEvent, placeOfMessage } from '@/model/messages'
import { groupPlace, keyOf, type Place, type PlaceKey, userPlace } from '@/model/places'

/** What the ledger must know of the rest of the client. */
export interface Surroundings {
  me: () => number
  brief: (userId: number) => Brief | undefined
  /** The messages of a place above one id and up to another; null where not all of them are here. */
  between: (place: Place, above: number, upTo: number) => Message[] | null
}

/** The events since a page was asked for. */
export type Reading = ServerEvent[]

/**
 * The conversations, put together from pages and events, which may cross on their way. What is unread are the
 * other's messages above one's read marker that were not taken back: pages say how many, events move it by ones, and
 * where neither is enough, the conversation becomes unsure and has to be read again.
 */
export class Ledger {
  /** Rises with every change. */
  version = 0
  /** Conversations to be read again, each with the newest message known of it. */
  readonly unsure = new Map<PlaceKey, number>()
  readonly #surroundings: Surroundings
  readonly #all = new Map<PlaceKey, Conversation>()
  /** Those that are as true as the stream of events: it has been followed since they were read. */
  readonly #fresh = new Set<PlaceKey>()
  /** The place in the change log at which each was read: its page knows of all changes up to there. */
  readonly #asOf = new Map<PlaceKey, number>()
  /** Messages that had been taken back when they came, so that they were never counted; the event of it comes later. */
  readonly #uncounted = new Set<number>()
  readonly #readings = new Set<Reading>()
  /** Up to where the reader has read, though the server has not confirmed it. */
  readonly #claims = new Map<PlaceKey, number>()

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  get(place: Place): Conversation | undefined {
    return this.#all.get(keyOf(place))
  }

  /** All of them, newest first. */
  list(): Conversation[] {
    return [...this.#all.values()].sort((a, b) => lastId(b) - lastId(a))
  }

  /** Show what was seen at another time until something better is there. */
  showOld(conversations: Conversation[]): void {
    for (const conversation of conversations) this.#put(conversation)
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
    const places = new Set<PlaceKey>()
    for (const conversation of page) {
      const key = this.#put(conversation)
      if (key === null) continue
      places.add(key)
      this.#fresh.add(key)
      this.#asOf.set(key, cursor)
      this.unsure.delete(key)
    }
    for (const event of reading) this.#apply(event, places)
    for (const [key, upTo] of this.#claims) if (places.has(key)) this.#foresee(key, upTo)
    this.version += 1
  }

  /** All pages have been read: what was on none of them, and was not told of either, is no more. */
  complete(): void {
    for (const key of this.#all.keys()) {
      if (!this.#fresh.has(key) && !this.unsure.has(key)) this.#all.delete(key)
    }
    this.version += 1
  }

  /** Take as read what the server is yet to be told of. */
  claim(place: Place, upTo: number): void {
    this.#claims.set(keyOf(place), upTo)
    this.#foresee(keyOf(place), upTo)
    this.version += 1
  }

  /** The server has been told, or will not be. */
  settle(place: Place): void {
    this.#claims.delete(keyOf(place))
  }

  apply(event: ServerEvent): void {
    for (const reading of this.#readings) reading.push(event)
    this.#apply(event, null)
  }

  /** Mark a conversation as one to read again. */
  doubt(place: Place): void {
    this.#doubt(keyOf(place))
  }

  #doubt(key: PlaceKey): void {
    const conversation = this.#all.get(key)
    if (conversation !== undefined) this.unsure.set(key, lastId(conversation))
  }

  /** Apply an event; to the conversations of `places` alone where that is not null. */
  #apply(event: ServerEvent, places: Set<PlaceKey> | null): void {
    switch (event.type) {
      case 'new_message':
        this.#arrive(event.data, places)
        break
      case 'read':
        this.#read(event.data, places)
        break
      case 'message_deleted':
        this.#takeBack(event.data, event.seq ?? Infinity, places)
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
      case 'membership':
        if (event.data.user_id === this.#surroundings.me() && event.data.role === null) this.#drop(event.data.group_id)
        break
    }
  }

  #arrive(message: Message, places: Set<PlaceKey> | null): void {
    const me = this.#surroundings.me()
    const place = placeOfMessage(message, me)
    if (place === null) return
    const key = keyOf(place)
    if (places !== null && !places.has(key)) return
    const known = this.#all.get(key)
    if (known !== undefined && message.id <= lastId(known)) return
    const isTheirs = message.sender_id !== me
    const isAbove = isTheirs && message.id > (known?.read_up_to ?? 0)
    const isUnread = isAbove && message.deleted_at === null
    if (isAbove && !isUnread) this.#uncounted.add(message.id)
    const before = known ?? this.#begin(place, isTheirs ? message.sender : undefined)
    if (before !== null) {
      this.#put({ ...before, last_message: message, unread_count: before.unread_count + (isUnread ? 1 : 0) })
    }
    if (!this.#fresh.has(key) || this.unsure.has(key)) this.unsure.set(key, message.id)
  }

  /** A new conversation with a user, empty; null where nobody can tell whom or which group it is with. */
  #begin({ kind, id }: Place, sender: Brief | undefined): Conversation | null {
    const user = kind === 'user' ? (sender ?? this.#surroundings.brief(id)) : undefined
    return user === undefined
      ? null
      : { user, last_message: null, unread_count: 0, read_up_to: 0, others_read_up_to: 0 }
  }

  /** A message was taken back: if it was counted as unread, it is so no longer. */
  #takeBack(gone: EventData['message_deleted'], seq: number, places: Set<PlaceKey> | null): void {
    const { me, between } = this.#surroundings
    const place = placeOfMessage(gone, me())
    if (place === null) return
    const key = keyOf(place)
    const known = this.#all.get(key)
    if (known === undefined || (places !== null && !places.has(key))) return
    const asOf = this.#asOf.get(key) ?? 0
    const wasCounted = !this.#uncounted.delete(gone.id) || gone.id <= asOf
    if (gone.sender_id === me() || gone.id <= known.read_up_to || seq <= asOf || !wasCounted) return
    // If it was seen as gone before this event, the count may already be without it.
    if (between(place, gone.id - 1, gone.id)?.some((message) => message.deleted_at !== null)) this.#doubt(key)
    else this.#put({ ...known, unread_count: Math.max(0, known.unread_count - 1) })
  }

  #read(marker: EventData['read'], places: Set<PlaceKey> | null): void {
    const place = this.#placeOfMarker(marker)
    if (place === null) return
    const key = keyOf(place)
    const known = this.#all.get(key)
    if (known === undefined || (places !== null && !places.has(key))) return
    const { reader_id, up_to } = marker
    if (reader_id !== this.#surroundings.me()) {
      // In a group it says nothing of the others.
      if (place.kind === 'user' && up_to > known.others_read_up_to) this.#put({ ...known, others_read_up_to: up_to })
    } else if (up_to > known.read_up_to) {
      const unread_count = this.#unreadAbove(known, up_to)
      this.#put({ ...known, read_up_to: up_to, unread_count: unread_count ?? known.unread_count })
      if (unread_count === null) this.#doubt(key)
    }
  }

  #placeOfMarker({ reader_id, user_id, group_id }: EventData['read']): Place | null {
    if (group_id !== null) return groupPlace(group_id)
    if (user_id === null) return null
    return userPlace(reader_id === this.#surroundings.me() ? user_id : reader_id)
  }

  /** Move the marker before the server does, if what remains unread can be told without it. */
  #foresee(key: PlaceKey, upTo: number): void {
    const known = this.#all.get(key)
    if (known === undefined || upTo <= known.read_up_to) return
    const unread_count = this.#unreadAbove(known, upTo)
    if (unread_count !== null) this.#put({ ...known, read_up_to: upTo, unread_count })
  }

  /** How many would be unread if the marker were at `upTo`; null where that cannot be told. */
  #unreadAbove(conversation: Conversation, upTo: number): number | null {
    const { between } = this.#surroundings
    const me = this.#surroundings.me()
    const place = placeOfConversation(conversation)
    const end = lastId(conversation)
    if (upTo >= end) return 0
    if (place === null) return null
    const key = keyOf(place)
    const isGone = (message: Message): boolean => message.deleted_at !== null
    const theirs = (messages: Message[]): Message[] => messages.filter((message) => message.sender_id !== me)
    const rest = between(place, upTo, end)
    if (rest !== null) return theirs(rest).filter((message) => !isGone(message)).length
    if (!this.#fresh.has(key) || this.unsure.has(key)) return null
    const read = between(place, conversation.read_up_to, upTo)
    // If one of them is gone, the event of it may be still to come: nobody knows whether the count includes it.
    if (read === null || theirs(read).some(isGone)) return null
    return Math.max(0, conversation.unread_count - theirs(read).length)
  }

  #change(id: number, event: ServerEvent): void {
    for (const conversation of this.#all.values()) {
      if (conversation.last_message?.id !== id) continue
      const last_message = afterEvent(conversation.last_message, event)
      if (last_message !== conversation.last_message) this.#put({ ...conversation, last_message })
      return
    }
  }

  #rename(user: Brief): void {
    const known = this.#all.get(keyOf(userPlace(user.id)))
    if (known !== undefined) this.#put({ ...known, user })
  }

  /** One is no longer in a group. */
  #drop(groupId: number): void {
    const key = keyOf(groupPlace(groupId))
    this.unsure.delete(key)
    if (this.#all.delete(key)) this.version += 1
  }

  /** Take a conversation in, and return its key; null where it does not say where it is held. */
  #put(conversation: Conversation): PlaceKey | null {
    const place = placeOfConversation(conversation)
    if (place === null) return null
    const key = keyOf(place)
    this.#all.set(key, conversation)
    this.version += 1
    return key
  }
}

function lastId(conversation: Conversation): number {
  return conversation.last_message?.id ?? 0
}

import type { Brief, Conversation, EventData, Message, ServerEvent } from '@/api/wire'
import { keyOfConversation } from '@/model/conversations'
import { afterEvent, names, placeOfMessage } from '@/model/messages'
import { groupPlace, keyOf, type Place, type PlaceKey, userPlace } from '@/model/places'

import { type Counts, countsAbove } from './counts'
import { afterGroupEvent, groupOf } from './groups'
import { lastId, Order, rank } from './order'

/** What the ledger needs from the rest of the client. */
export interface Surroundings {
  me: () => number
  brief: (userId: number) => Brief | undefined
  /** The messages of a place above one id and up to another; null if some of them are not loaded. */
  between: (place: Place, above: number, upTo: number) => Message[] | null
}

// Longer than 300 lines: each kind of event changes the same maps by a rule of its own.

/** The events since a page was requested. */
export type Reading = ServerEvent[]

/**
 * The conversations, assembled from pages and events, which may overtake each other. Unread are the others' messages
 * above the read marker that are not deleted: pages say how many, events change that by one, and where neither is
 * enough, the conversation becomes unsure and has to be read again.
 */
export class Ledger {
  /** Increases with every change. */
  version = 0
  /** Conversations to read again, each with the id of its newest known message. */
  readonly unsure = new Map<PlaceKey, number>()
  readonly #surroundings: Surroundings
  readonly #all = new Map<PlaceKey, Conversation>()
  readonly #order = new Order()
  /** Those that are up to date: every event since they were read has been applied. */
  readonly #fresh = new Set<PlaceKey>()
  /** The position in the change log at which each was read: its page includes all changes up to there. */
  readonly #asOf = new Map<PlaceKey, number>()
  /** Messages that arrived already deleted, so that they were never counted. The event of the deletion follows. */
  readonly #uncounted = new Set<number>()
  readonly #readings = new Set<Reading>()
  /** How far the reader has read where the server has not confirmed it yet. */
  readonly #claims = new Map<PlaceKey, number>()

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  get(place: Place): Conversation | undefined {
    return this.#all.get(keyOf(place))
  }

  /** All of them, newest first. */
  list(): readonly Conversation[] {
    return this.#order.list()
  }

  /** Show what was stored on an earlier visit until something newer is loaded. */
  showOld(conversations: Conversation[]): void {
    for (const conversation of conversations) this.#put(conversation)
    this.version += 1
  }

  /** The stream of events starts again: nothing is certain until it has been read again. */
  restart(): void {
    this.#fresh.clear()
    this.#asOf.clear()
    this.#uncounted.clear()
    this.#readings.clear()
    this.unsure.clear()
  }

  /** Called before a page is requested: record events from now on. */
  expect(): Reading {
    const reading: Reading = []
    this.#readings.add(reading)
    return reading
  }

  /** Called when the page will not arrive. */
  giveUp(reading: Reading): void {
    this.#readings.delete(reading)
  }

  /**
   * Take in a page that was requested: it replaces what was known, then the events recorded meanwhile are applied.
   *
   * @param cursor the position in the change log at which it was read.
   */
  merge(reading: Reading, page: Conversation[], cursor: number): void {
    this.#readings.delete(reading)
    const places = new Set<PlaceKey>()
    for (const conversation of page) {
      const key = this.#put(conversation)
      places.add(key)
      this.#fresh.add(key)
      this.#asOf.set(key, cursor)
      this.unsure.delete(key)
    }
    for (const event of reading) this.#apply(event, places)
    for (const [key, upTo] of this.#claims) if (places.has(key)) this.#foresee(key, upTo)
    this.version += 1
  }

  /** All pages have been read: drop what was on none of them and in no event. */
  complete(): void {
    for (const key of this.#all.keys()) {
      if (!this.#fresh.has(key) && !this.unsure.has(key)) this.#remove(key)
    }
    this.version += 1
  }

  /** Count messages as read before the server knows. */
  claim(place: Place, upTo: number): void {
    this.#claims.set(keyOf(place), upTo)
    this.#foresee(keyOf(place), upTo)
    this.version += 1
  }

  /** The server knows now, or never will. */
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
    if (conversation !== undefined) this.unsure.set(key, rank(conversation))
  }

  /** Apply an event; only to the conversations of `places`, unless that is null. */
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
        this.#recount(event.data)
        this.#change(event.data.id, event)
        break
      case 'reaction':
        this.#change(event.data.message_id, event)
        break
      case 'profile':
        this.#rename(event.data)
        break
      case 'messages_removed':
      case 'messages_restored':
        this.doubt(groupPlace(event.data.group_id))
        break
      default:
        this.#govern(event, places)
    }
  }

  /** Apply an event about a group itself, or about who is in it. */
  #govern(event: ServerEvent, places: Set<PlaceKey> | null): void {
    const id = groupOf(event)
    if (id === null) return
    const key = keyOf(groupPlace(id))
    const { seq = Infinity } = event
    if (seq <= (this.#asOf.get(key) ?? 0) || (places !== null && !places.has(key))) return
    const after = afterGroupEvent(this.#all.get(key) ?? null, event, this.#surroundings.me())
    if (after === 'gone') this.#drop(key)
    else if (after === 'unsure') this.unsure.set(key, seq)
    else if (after !== null) this.#put(after)
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
    const before = known ?? this.begin(place, isTheirs ? message.sender : undefined)
    if (before !== null) {
      const { mention_count = 0 } = before
      this.#put({
        ...before,
        last_message: message,
        unread_count: before.unread_count + (isUnread ? 1 : 0),
        ...(before.group && { mention_count: mention_count + (isUnread && names(message, me) ? 1 : 0) }),
      })
    }
    if (!this.#fresh.has(key) || this.unsure.has(key)) this.unsure.set(key, message.id)
  }

  /** Return a new, empty conversation with a user; null for a group, or if the user is not known. */
  begin({ kind, id }: Place, sender?: Brief): Conversation | null {
    const user = kind === 'user' ? (sender ?? this.#surroundings.brief(id)) : undefined
    return user === undefined
      ? null
      : { user, last_message: null, unread_count: 0, read_up_to: 0, others_read_up_to: 0 }
  }

  /** A message was deleted: if it was counted as unread, it no longer is. */
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
    // If it was seen as deleted before this event, the count may not include it any more.
    if (between(place, gone.id - 1, gone.id)?.some((message) => message.deleted_at !== null)) this.#doubt(key)
    else this.#put({ ...known, unread_count: Math.max(0, known.unread_count - 1) })
    if (known.mention_count) this.#doubt(key)
  }

  /** An unread message of a group may name others than before. */
  #recount(message: Message): void {
    const me = this.#surroundings.me()
    if (message.group_id === null || message.sender_id === me) return
    const key = keyOf(groupPlace(message.group_id))
    const known = this.#all.get(key)
    if (known === undefined || message.id <= known.read_up_to) return
    if (known.mention_count || names(message, me)) this.#doubt(key)
  }

  #read(marker: EventData['read'], places: Set<PlaceKey> | null): void {
    const place = this.#placeOfMarker(marker)
    if (place === null) return
    const key = keyOf(place)
    const known = this.#all.get(key)
    if (known === undefined || (places !== null && !places.has(key))) return
    const { reader_id, up_to } = marker
    if (reader_id !== this.#surroundings.me()) {
      // In a group one reader's marker says nothing about the others.
      if (place.kind === 'user' && up_to > known.others_read_up_to) this.#put({ ...known, others_read_up_to: up_to })
    } else if (up_to > known.read_up_to) {
      const counts = this.#countsAbove(known, up_to)
      this.#put({ ...known, read_up_to: up_to, ...counts })
      if (counts === null) this.#doubt(key)
    }
  }

  #placeOfMarker({ reader_id, user_id, group_id }: EventData['read']): Place | null {
    if (group_id !== null) return groupPlace(group_id)
    if (user_id === null) return null
    return userPlace(reader_id === this.#surroundings.me() ? user_id : reader_id)
  }

  /** Move the marker ahead of the server, if the number of unread messages can be computed without it. */
  #foresee(key: PlaceKey, upTo: number): void {
    const known = this.#all.get(key)
    if (known === undefined || upTo <= known.read_up_to) return
    const counts = this.#countsAbove(known, upTo)
    if (counts !== null) this.#put({ ...known, read_up_to: upTo, ...counts })
  }

  #countsAbove(conversation: Conversation, upTo: number): Counts | null {
    const key = keyOfConversation(conversation)
    return countsAbove(conversation, upTo, this.#surroundings, this.#fresh.has(key) && !this.unsure.has(key))
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

  /** Drop a group that the user is no longer in. */
  #drop(key: PlaceKey): void {
    this.unsure.delete(key)
    if (this.#remove(key)) this.version += 1
  }

  #remove(key: PlaceKey): boolean {
    this.#order.replace(this.#all.get(key), undefined)
    return this.#all.delete(key)
  }

  /** Add or replace a conversation and return its key. */
  #put(conversation: Conversation): PlaceKey {
    const key = keyOfConversation(conversation)
    this.#order.replace(this.#all.get(key), conversation)
    this.#all.set(key, conversation)
    this.version += 1
    return key
  }
}

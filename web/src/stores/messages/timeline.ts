import type { Message, MessagePage, ServerEvent } from '@/api/wire'

import { afterEvent } from '@/model/messages'

/**
 * A stretch of one conversation without gaps, assembled from pages and events, which may overtake each other.
 *
 * A page is true for the moment when the server read it, and every event since a moment before that brings it up to
 * date: an event that the page already includes does no harm, and those that arrive while the page is on its way are
 * recorded and applied again after it.
 */
export class Timeline {
  /** Increases with every change. */
  version = 0
  moreBefore = true
  moreAfter = false
  /** Whether every event since the stretch was read has been applied. */
  isFresh = false
  #messages: Message[] = []
  /** Messages that arrived beyond the end of the stretch, by id. */
  #beyond: number[] = []
  #kept: ServerEvent[] | null = null

  /** Return the messages as a new array, which costs one copy of the references, however much has changed. */
  snapshot(): readonly Message[] {
    return this.#messages.slice()
  }

  get length(): number {
    return this.#messages.length
  }

  get first(): Message | undefined {
    return this.#messages[0]
  }

  get last(): Message | undefined {
    return this.#messages.at(-1)
  }

  /** How many messages have arrived beyond the end. */
  get beyond(): number {
    return this.#beyond.length
  }

  /** Find a message by its id. */
  find(id: number): Message | undefined {
    const message = this.#messages[this.#indexOf(id)]
    return message?.id === id ? message : undefined
  }

  /** The messages above one id and up to another; null if some of them are not loaded. */
  between(above: number, upTo: number): Message[] | null {
    const { first, last } = this
    if (!this.isFresh || first === undefined || last === undefined || last.id < upTo) return null
    if (first.id > above + 1 && this.moreBefore) return null
    return this.#messages.slice(this.#indexOf(above + 1), this.#indexOf(upTo + 1))
  }

  /** The messages above an id. */
  above(id: number): Message[] {
    return this.#messages.slice(this.#indexOf(id + 1))
  }

  /** The newest `count` messages. */
  tail(count: number): Message[] {
    return this.#messages.slice(-count)
  }

  /** Called before a page is requested: record events from now on. */
  expect(): void {
    this.#kept = []
  }

  /** Called when the page will not arrive. */
  giveUp(): void {
    this.#kept = null
  }

  /** Show what was stored on an earlier visit until something newer is loaded. */
  showOld(messages: Message[]): void {
    this.#messages = messages
    this.isFresh = false
    this.version += 1
  }

  /** The stream of events has a gap, so nothing is certain any more. */
  goStale(): void {
    this.isFresh = false
    this.#kept = null
  }

  /** Replace everything with the requested page. */
  replace({ items, more_before, more_after }: MessagePage): void {
    this.#messages = [...items]
    this.moreBefore = more_before
    this.moreAfter = more_after
    this.isFresh = true
    this.#merged()
  }

  /** Put the requested page before everything. */
  prepend({ items, more_before }: MessagePage): void {
    this.#messages.unshift(...items)
    this.moreBefore = more_before
    this.#merged()
  }

  /** Put the requested page after everything. */
  append({ items, more_after }: MessagePage): void {
    this.#messages.push(...items)
    this.moreAfter = more_after
    this.#merged()
  }

  apply(event: ServerEvent): void {
    this.#kept?.push(event)
    switch (event.type) {
      case 'new_message':
        if (event.data.thread) this.#change(event.data.thread, event)
        this.#arrive(event.data)
        break
      case 'message_edited':
      case 'message_deleted':
        this.#change(event.data.id, event)
        break
      case 'reaction':
        this.#change(event.data.message_id, event)
        break
      case 'messages_removed':
        for (const { id } of this.above(event.data.from_id - 1)) this.#change(id, event)
        break
    }
  }

  #arrive(message: Message): void {
    const end = this.last?.id ?? 0
    if (!this.isFresh || message.id <= end) return
    if (!this.moreAfter) this.#messages.push(message)
    else if (message.id > (this.#beyond.at(-1) ?? 0)) this.#beyond.push(message.id)
    else return
    this.version += 1
  }

  #change(id: number, event: ServerEvent): void {
    const index = this.#indexOf(id)
    const before = this.#messages[index]
    if (before === undefined) return
    const after = afterEvent(before, event)
    if (after === before) return
    this.#messages[index] = after
    this.version += 1
  }

  #merged(): void {
    const end = this.last?.id ?? 0
    this.#beyond = this.moreAfter ? this.#beyond.filter((id) => id > end) : []
    const kept = this.#kept ?? []
    this.#kept = null
    for (const event of kept) this.apply(event)
    this.version += 1
  }

  /** The index of the first message with this id or a higher one. */
  #indexOf(id: number): number {
    let low = 0
    let high = this.#messages.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#messages[middle] as Message).id < id) low = middle + 1
      else high = middle
    }
    return low
  }
}

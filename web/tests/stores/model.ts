import type { Brief, Conversation, Message, MessagePage, ServerEvent } from '@/api/wire'

/** A random source that is the same for the same seed (mulberry32). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** A number from 0 up to, not including, `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)]
  }
}

export const ME = 1

export function brief(id: number): Brief {
  return { id, username: `user${id}`, nickname: `User ${id}`, avatar_path: null, is_ai: false }
}

interface Marker {
  mine: number
  theirs: number
}

/** Makes the event of a change in the log, from the present state. */
type Change = () => ServerEvent

/**
 * The server's rules for private conversations of one user, without the server: messages, a change log, pages read at
 * one moment, and a stream of the changes in order, though perhaps late.
 */
export class Model {
  readonly messages = new Map<number, Message>()
  readonly #markers = new Map<number, Marker>()
  #clock = 0
  /** The newest position in the change log. A message's position is its id. */
  #seq = 0
  #stream: { change: Change; event: ServerEvent }[] = []

  /** All messages with a user, by ascending id. */
  of(userId: number): Message[] {
    return [...this.messages.values()].filter((message) => partner(message) === userId)
  }

  get users(): number[] {
    return [...new Set([...this.messages.values()].map(partner))]
  }

  send(from: number, to: number, clientId: string | null = null): Message {
    const id = (this.#seq += 1)
    const message: Message = {
      id,
      sender_id: from,
      receiver_id: to,
      group_id: null,
      content: `message ${id}`,
      is_read: false,
      created_at: this.#now(),
      sender: brief(from),
      client_id: clientId,
      edited_at: null,
      deleted_at: null,
      reply_to: null,
      reactions: [],
    }
    this.messages.set(id, message)
    this.#stream.push(this.#entry(() => ({ type: 'new_message', seq: id, data: this.#told(id) })))
    return message
  }

  edit(id: number, content: string): void {
    const message = this.messages.get(id)
    if (message === undefined || message.deleted_at !== null) return
    Object.assign(message, { content, edited_at: this.#now() })
    this.#log((seq) => ({ type: 'message_edited', seq, data: this.#told(id) }))
  }

  delete(id: number): void {
    const message = this.messages.get(id)
    if (message === undefined || message.deleted_at !== null) return
    const deleted_at = this.#now()
    Object.assign(message, { content: '', reactions: [], deleted_at })
    const { sender_id, receiver_id, group_id } = message
    this.#log((seq) => ({ type: 'message_deleted', seq, data: { id, sender_id, receiver_id, group_id, deleted_at } }))
  }

  react(id: number, user_id: number, emoji: string, on: boolean): void {
    const message = this.messages.get(id)
    if (message === undefined || message.deleted_at !== null) return
    const users = new Set(message.reactions.find((reaction) => reaction.emoji === emoji)?.user_ids)
    if (users.has(user_id) === on) return
    if (on) users.add(user_id)
    else users.delete(user_id)
    message.reactions = [
      ...message.reactions.filter((reaction) => reaction.emoji !== emoji),
      ...(users.size > 0 ? [{ emoji, count: users.size, user_ids: [...users].sort((a, b) => a - b) }] : []),
    ].sort((a, b) => (a.emoji < b.emoji ? -1 : 1))
    this.#log((seq) => ({ type: 'reaction', seq, data: { message_id: id, user_id, emoji, on } }))
  }

  /** Read up to a message, or to the newest below it. */
  read(reader_id: number, userId: number, upTo: number): number {
    const marker = this.#marker(userId)
    const reached = this.of(userId).findLast((message) => message.id <= upTo)?.id ?? 0
    const side = reader_id === ME ? 'mine' : 'theirs'
    if (reached <= marker[side]) return marker[side]
    marker[side] = reached
    const user_id = reader_id === ME ? userId : ME
    this.#log((seq) => ({ type: 'read', seq, data: { reader_id, user_id, group_id: null, up_to: reached } }))
    return reached
  }

  page(userId: number, { before, after, around, limit }: Record<string, number>): MessagePage {
    const all = this.of(userId)
    const size = limit ?? 50
    let items: Message[]
    if (after !== undefined) items = all.filter(({ id }) => id > after).slice(0, size)
    else if (around !== undefined) {
      const older = all.filter(({ id }) => id <= around).slice(-(size - Math.floor(size / 2)))
      const newer = all.filter(({ id }) => id > around).slice(0, size - older.length)
      items = [...older, ...newer]
    } else items = all.filter(({ id }) => id < (before ?? Infinity)).slice(-size)
    const [first, last] = [items[0], items.at(-1)]
    return structuredClone({
      items,
      more_before: first ? all[0] !== first : all.length > 0 && after !== undefined,
      more_after: last ? all.at(-1) !== last : all.length > 0 && before !== undefined,
    })
  }

  conversations(before = Infinity, limit = 50): { conversations: Conversation[]; more: boolean } {
    const all = this.users
      .map((userId) => this.conversation(userId))
      .filter((each) => (each.last_message?.id ?? 0) < before)
      .sort((a, b) => (b.last_message?.id ?? 0) - (a.last_message?.id ?? 0))
    return structuredClone({ conversations: all.slice(0, limit), more: all.length > limit })
  }

  conversation(userId: number): Conversation {
    const { mine, theirs } = this.#marker(userId)
    const all = this.of(userId)
    return {
      user: brief(userId),
      last_message: all.at(-1) ?? null,
      unread_count: all.filter(({ id, sender_id, deleted_at }) => sender_id !== ME && id > mine && deleted_at === null)
        .length,
      read_up_to: mine,
      others_read_up_to: theirs,
    }
  }

  /** How many changes the stream has not delivered yet. */
  get waiting(): number {
    return this.#stream.length
  }

  /** Deliver the next change of the stream. */
  tell(): ServerEvent | undefined {
    return this.#stream.shift()?.event
  }

  /** Lose the connection and connect again: what is undelivered is replayed from the present state. */
  reconnect(): void {
    for (const each of this.#stream) each.event = each.change()
  }

  /** The position in the log of a page read now. */
  get cursor(): number {
    return this.#seq
  }

  #log(change: (seq: number) => ServerEvent): void {
    const seq = (this.#seq += 1)
    this.#stream.push(this.#entry(() => change(seq)))
  }

  #entry(change: Change): { change: Change; event: ServerEvent } {
    return { change, event: change() }
  }

  #told(id: number): Message {
    return structuredClone(this.messages.get(id)) as Message
  }

  #marker(userId: number): Marker {
    const known = this.#markers.get(userId)
    if (known !== undefined) return known
    const marker = { mine: 0, theirs: 0 }
    this.#markers.set(userId, marker)
    return marker
  }

  #now(): string {
    this.#clock += 1
    return new Date(this.#clock * 1000).toISOString()
  }
}

export function partner(message: Message): number {
  return message.sender_id === ME ? (message.receiver_id as number) : message.sender_id
}

/** Let something random happen on the server. */
export function happen(model: Model, chance: Chance, users: readonly number[]): void {
  const userId = chance.pick(users) as number
  const message = chance.pick(model.of(userId).slice(-12))
  switch (chance.below(8)) {
    case 0:
    case 1:
      model.send(userId, ME)
      break
    case 2:
      model.send(ME, userId)
      break
    case 3:
      if (message) model.edit(message.id, `edited ${chance.below(1000)}`)
      break
    case 4:
      if (message && chance.below(3) === 0) model.delete(message.id)
      break
    case 5:
      if (message)
        model.react(
          message.id,
          chance.pick([ME, userId]) as number,
          chance.pick(['👍', '❤️', '😀']) as string,
          chance.below(2) === 0,
        )
      break
    case 6:
      if (message) model.read(userId, userId, message.id)
      break
    case 7:
      if (message) model.read(ME, userId, message.id)
      break
  }
}

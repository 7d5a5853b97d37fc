import type { Conversation } from '@/api/wire'

/** The id of a conversation's newest message; 0 where it has none. */
export function lastId(conversation: Conversation): number {
  return conversation.last_message?.id ?? 0
}

/** The place of a conversation in the list: its newest message or, in a group, one's joining if that is later. */
export function rank(conversation: Conversation): number {
  return Math.max(lastId(conversation), conversation.activity ?? 0)
}

/** Conversations, newest first. A change costs a search for its position, never a sorting of them all. */
export class Order {
  #sorted: Conversation[] = []
  #shown: readonly Conversation[] | null = null

  /** Return an array that stays as it is: the same one until something has changed. */
  list(): readonly Conversation[] {
    return (this.#shown ??= this.#sorted.slice())
  }

  /** Put a conversation in the place of what it was before, if it was there, or remove it. */
  replace(before: Conversation | undefined, after: Conversation | undefined): void {
    this.#shown = null
    const index = before === undefined ? -1 : this.#indexOf(before)
    if (index >= 0 && before && after && rank(before) === rank(after)) {
      this.#sorted[index] = after
      return
    }
    if (index >= 0) this.#sorted.splice(index, 1)
    if (after) this.#sorted.splice(this.#position(rank(after) - 1), 0, after)
  }

  #indexOf(conversation: Conversation): number {
    return this.#sorted.indexOf(conversation, this.#position(rank(conversation)))
  }

  /** The index of the first conversation with this rank or a lower one. */
  #position(id: number): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (rank(this.#sorted[middle] as Conversation) > id) low = middle + 1
      else high = middle
    }
    return low
  }
}

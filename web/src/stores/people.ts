import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'

import type { Brief, Conversation, Message, ServerEvent, User } from '@/api/wire'
import { faceOfGroup } from '@/model/people'
import { api } from '@/transport/api'

/** How many people one search returns. */
const SEARCH_PAGE = 20

/** Everybody seen so far, by id, as they are now. Whatever shows a name or a picture reads it here. */
export const usePeopleStore = defineStore('people', () => {
  const briefs = shallowReactive(new Map<number, Brief>())
  const toldAt = new Map<number, number>()
  let told = 0

  function brief(id: number): Brief | undefined {
    return briefs.get(id)
  }

  /** The name and the picture of a conversation. */
  function faceOf({ user, group }: Conversation): Brief {
    return user === undefined ? faceOfGroup(group!) : (brief(user.id) ?? user)
  }

  /** Who wrote a message, as they are now. */
  function authorOf({ sender }: Message): Brief {
    return brief(sender.id) ?? sender
  }

  function put({ id, username, nickname, avatar_path, is_ai }: Brief): void {
    const before = briefs.get(id)
    const same =
      before?.username === username &&
      before.nickname === nickname &&
      before.avatar_path === avatar_path &&
      before.is_ai === is_ai
    if (!same) briefs.set(id, { id, username, nickname, avatar_path, is_ai })
  }

  /** Call before asking the server, and the result with its answer: changes that arrive in between win. */
  function asking(): (people: Iterable<Brief>) => void {
    const since = told
    return (people) => {
      for (const person of people) {
        if ((toldAt.get(person.id) ?? 0) <= since) put(person)
      }
    }
  }

  function remember(people: Iterable<Brief>): void {
    for (const person of people) put(person)
  }

  /** Add people who are not known yet. Known ones stay: a message names its sender as they were, perhaps long ago. */
  function introduce(people: Iterable<Brief>): void {
    for (const person of people) {
      if (!briefs.has(person.id)) put(person)
    }
  }

  async function fetch(id: number): Promise<User> {
    const answered = asking()
    const user = await api.user(id)
    answered([user])
    return user
  }

  /** Search for people, from the `skip`th on. `next` is where the next part begins; null after the last. */
  async function search(
    q: string,
    skip: number,
    signal?: AbortSignal,
  ): Promise<{ items: Brief[]; next: number | null }> {
    const answered = asking()
    const items = await api.searchUsers(q, skip, SEARCH_PAGE, signal)
    answered(items)
    return { items, next: items.length === SEARCH_PAGE ? skip + SEARCH_PAGE : null }
  }

  function apply(event: ServerEvent): void {
    if (event.type === 'profile') {
      toldAt.set(event.data.id, (told += 1))
      put(event.data)
    } else if (event.type === 'new_message') {
      introduce([event.data.sender])
    }
  }

  function reset(): void {
    briefs.clear()
    toldAt.clear()
  }

  return { brief, faceOf, authorOf, asking, remember, introduce, fetch, search, apply, reset }
})

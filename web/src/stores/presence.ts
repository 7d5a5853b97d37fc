import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'

import type { ServerEvent } from '@/api/wire'
import { addressOf, groupPlace, keyOf, type Place, type PlaceKey, userPlace } from '@/model/places'
import { socket } from '@/transport/socket'

/** How long somebody counts as typing after their last event, and how often to send one's own, in milliseconds. */
const TYPING_MS = 5_000
const TELL_MS = 3_000

/** A place and somebody who is typing there. */
type Typist = `${PlaceKey}:${number}`

/** Who is online and who is typing, which is known only while connected. */
export const usePresenceStore = defineStore('presence', () => {
  const online = shallowReactive(new Set<number>())
  const seen = shallowReactive(new Map<number, string>())
  /** Who is typing where, each with the timer that ends it. */
  const typing = shallowReactive(new Map<Typist, ReturnType<typeof setTimeout>>())
  const told = new Map<PlaceKey, number>()

  const isOnline = (id: number): boolean => online.has(id)
  const lastSeen = (id: number): string | null => seen.get(id) ?? null
  /** Whether a user is typing to us. */
  const isTyping = (id: number): boolean => typing.has(typist(userPlace(id), id))
  /** Who is typing in a place. */
  const typistsIn = (place: Place): number[] =>
    [...typing.keys()].flatMap((who) => {
      const [key, id] = who.split(':')
      return key === keyOf(place) ? Number(id) : []
    })

  /** Say that the user is typing in a place, at most once every few seconds. */
  function tellTyping(place: Place): void {
    const key = keyOf(place)
    const now = Date.now()
    if (!socket.isConnected.value || now - (told.get(key) ?? -Infinity) < TELL_MS) return
    told.set(key, now)
    socket.request('typing', addressOf(place)).catch(() => undefined)
  }

  function startTyping(who: Typist): void {
    clearTimeout(typing.get(who))
    typing.set(
      who,
      setTimeout(() => typing.delete(who), TYPING_MS),
    )
  }

  function stopTyping(who: Typist): void {
    clearTimeout(typing.get(who))
    typing.delete(who)
  }

  function apply(event: ServerEvent): void {
    switch (event.type) {
      case 'typing':
        startTyping(typistOf(event.data.user_id, event.data.group_id))
        break
      case 'new_message':
        stopTyping(typistOf(event.data.sender_id, event.data.group_id))
        break
      case 'presence': {
        const { user_id: id, online: isThere, last_seen_at: at } = event.data
        if (isThere) online.add(id)
        else {
          online.delete(id)
          for (const who of typing.keys()) if (who.endsWith(`:${id}`)) stopTyping(who)
        }
        if (at !== null) seen.set(id, at)
        break
      }
      case 'presence_list': {
        const there = new Set(event.data.online)
        for (const id of online) if (!there.has(id)) online.delete(id)
        for (const id of there) online.add(id)
        break
      }
    }
  }

  /** Without a connection nobody is known to be online. */
  function disconnected(): void {
    for (const timer of typing.values()) clearTimeout(timer)
    typing.clear()
    online.clear()
    told.clear()
  }

  function reset(): void {
    disconnected()
    seen.clear()
  }

  return { isOnline, lastSeen, isTyping, typistsIn, tellTyping, apply, disconnected, reset }
})

function typist(place: Place, userId: number): Typist {
  return `${keyOf(place)}:${userId}`
}

/** Somebody who is typing in a group or, where that is null, to us. */
function typistOf(userId: number, groupId: number | null): Typist {
  return typist(groupId === null ? userPlace(userId) : groupPlace(groupId), userId)
}

import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'

import type { ServerEvent } from '@/api/wire'
import { useWebSocket } from '@/transport/socket'

/** How long somebody is taken to be typing after they said so, and how often one says so oneself, in milliseconds. */
const TYPING_MS = 5_000
const TELL_MS = 3_000

/** Who is there, and who is typing: what is known only while connected. */
export const usePresenceStore = defineStore('presence', () => {
  const socket = useWebSocket()
  const online = shallowReactive(new Set<number>())
  const seen = shallowReactive(new Map<number, string>())
  const typing = shallowReactive(new Map<number, ReturnType<typeof setTimeout>>())
  const told = new Map<number, number>()

  const isOnline = (id: number): boolean => online.has(id)
  const lastSeen = (id: number): string | null => seen.get(id) ?? null
  const isTyping = (id: number): boolean => typing.has(id)

  /** Tell somebody that one is typing to them; said again too soon, it goes without saying. */
  function tellTyping(userId: number): void {
    const now = Date.now()
    if (!socket.isConnected.value || now - (told.get(userId) ?? -Infinity) < TELL_MS) return
    told.set(userId, now)
    socket.request('typing', { user: userId }).catch(() => undefined)
  }

  function startTyping(id: number): void {
    clearTimeout(typing.get(id))
    typing.set(
      id,
      setTimeout(() => typing.delete(id), TYPING_MS),
    )
  }

  function stopTyping(id: number): void {
    clearTimeout(typing.get(id))
    typing.delete(id)
  }

  function apply(event: ServerEvent): void {
    switch (event.type) {
      case 'typing':
        if (event.data.group_id === null) startTyping(event.data.user_id)
        break
      case 'new_message':
        stopTyping(event.data.sender_id)
        break
      case 'presence': {
        const { user_id: id, online: isThere, last_seen_at: at } = event.data
        if (isThere) online.add(id)
        else {
          online.delete(id)
          stopTyping(id)
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

  /** Without a connection nobody is known to be there. */
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

  return { isOnline, lastSeen, isTyping, tellTyping, apply, disconnected, reset }
})

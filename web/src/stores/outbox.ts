import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'

import { CommandError } from '@/api/errors'
import type { Message, ServerEvent } from '@/api/wire'
import { publish } from '@/events'
import { addressOf, isSamePlace, keyOf, type Place, type PlaceKey } from '@/model/places'
import { type Entry, onUnsentElsewhere, type Pending, readUnsent, removeUnsent, writeUnsent } from '@/offline/unsent'
import { socket } from '@/transport/socket'

import { useAuthStore } from './auth'
import { Timer } from './timer'

/** Temporary errors, and how long to wait after one if the server does not say, in milliseconds. */
const PASSING: ReadonlySet<string> = new Set(['rate_limited', 'storage_unavailable'])
const WAIT_MS = 2_000

/** How long a tab waits before it sends what another tab has left unsent, in milliseconds. */
const ADOPT_MS = 15_000

/**
 * Messages the server has not stored yet. Each stays in `localStorage` until it has, so that it outlives the page, and
 * is sent again with the same `client_id` until an answer arrives: the server stores it once.
 */
export const useOutboxStore = defineStore('outbox', () => {
  const auth = useAuthStore()
  const me = (): number => auth.user?.id ?? 0
  const entries = shallowRef<readonly Entry[]>([])
  /** The entries this tab sends. The others belong to another tab, unless it is gone. */
  const mine = new Set<string>()
  const adoption = new Timer(flush, ADOPT_MS)
  const pause = new Timer(() => void work(), WAIT_MS)
  let lastOrder = 0
  let working: object | null = null

  onUnsentElsewhere(me, (clientId, entry) => {
    if (entry === null) drop(clientId)
    else {
      put(entry)
      adoption.start()
    }
  })

  const of = (place: Place): readonly Pending[] => entries.value.filter((entry) => isSamePlace(entry.place, place))

  /** Of each place with unsent messages the newest that failed or, if none did, the newest; the latest place last. */
  const newest = computed(() => {
    const found = new Map<PlaceKey, Entry>()
    for (const entry of entries.value) {
      const key = keyOf(entry.place)
      const shown = found.get(key)
      found.delete(key)
      found.set(key, shown?.state === 'failed' && entry.state === 'pending' ? shown : entry)
    }
    return found
  })

  function put(entry: Entry): void {
    const others = entries.value.filter(({ clientId }) => clientId !== entry.clientId)
    entries.value = [...others, entry].sort((a, b) => a.order - b.order)
    lastOrder = Math.max(lastOrder, entry.order)
  }

  function keep(entry: Entry): void {
    writeUnsent(me(), entry)
    put(entry)
  }

  function drop(clientId: string): void {
    mine.delete(clientId)
    if (find(clientId)) entries.value = entries.value.filter((entry) => entry.clientId !== clientId)
  }

  function find(clientId: string): Entry | undefined {
    return entries.value.find((entry) => entry.clientId === clientId)
  }

  /** Send a message, now or as soon as there is a connection. */
  function send(place: Place, content: string, replyTo: number | null): Pending {
    const entry: Entry = {
      clientId: newClientId(),
      place,
      content,
      replyTo,
      createdAt: new Date().toISOString(),
      state: 'pending',
      code: null,
      order: Math.max(lastOrder + 1, Date.now()),
    }
    mine.add(entry.clientId)
    keep(entry)
    void work()
    return entry
  }

  /** Send a failed message again. */
  function retry(clientId: string): void {
    const entry = find(clientId)
    if (entry === undefined) return
    mine.add(clientId)
    keep({ ...entry, state: 'pending', code: null })
    void work()
  }

  /** Remove an entry that is stored by the server, or no longer wanted. */
  function remove(clientId: string): void {
    if (find(clientId) === undefined) return
    removeUnsent(me(), clientId)
    drop(clientId)
  }

  /** Remove the entries that these messages show to be stored. */
  function settle(messages: Iterable<Message>): void {
    if (entries.value.length === 0) return
    for (const { sender_id, client_id } of messages) if (sender_id === me() && client_id !== null) remove(client_id)
  }

  /** Send everything that waits, from whichever tab. */
  function flush(): void {
    for (const { clientId } of entries.value) mine.add(clientId)
    void work()
  }

  /** Send one message after another, so that they are stored in order, until none is left or the connection is lost. */
  async function work(): Promise<void> {
    if (working !== null || !socket.isConnected.value) return
    const shift = (working = {})
    pause.stop()
    try {
      for (let entry = nextEntry(); entry !== undefined && working === shift; entry = nextEntry()) {
        if (!(await post(entry, me()))) break
      }
    } finally {
      if (working === shift) working = null
    }
  }

  function nextEntry(): Entry | undefined {
    return entries.value.find(({ state, clientId }) => state === 'pending' && mine.has(clientId))
  }

  /** Send an entry. Returns false if it, and so all after it, has to wait. */
  async function post({ clientId, place, content, replyTo }: Entry, sender: number): Promise<boolean> {
    try {
      const data = { ...addressOf(place), content, client_id: clientId, reply_to: replyTo }
      const { message } = await socket.request('send', data)
      if (sender === me()) publish({ type: 'new_message', data: message })
      return true
    } catch (error) {
      if (sender !== me() || !(error instanceof CommandError)) return false
      if (PASSING.has(error.code)) {
        pause.start(error.retryAfterMs ?? WAIT_MS)
        return false
      }
      const entry = find(clientId)
      if (entry !== undefined) keep({ ...entry, state: 'failed', code: error.code })
      return true
    }
  }

  function apply(event: ServerEvent): void {
    if (event.type === 'new_message') settle([event.data])
  }

  /** Load what was stored on an earlier visit. */
  function load(): void {
    for (const entry of readUnsent(me())) put(entry)
  }

  /** Forget everything in memory, which was another user's, but not what is stored. */
  function reset(): void {
    working = null
    mine.clear()
    adoption.stop()
    pause.stop()
    entries.value = []
    lastOrder = 0
  }

  return { entries, of, newest, send, retry, discard: remove, settle, flush, load, apply, reset }
})

/** Return a new `client_id`. Pages without TLS have no `crypto.randomUUID`. */
function newClientId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

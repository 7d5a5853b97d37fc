import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

import { CommandError } from '@/api/errors'
import type { Message, ServerEvent } from '@/api/wire'
import { publish } from '@/events'
import { addressOf, isSamePlace, type Place } from '@/model/places'
import { type Entry, onUnsentElsewhere, type Pending, readUnsent, removeUnsent, writeUnsent } from '@/offline/unsent'
import { socket } from '@/transport/socket'

import { useAuthStore } from './auth'
import { Timer } from './timer'

/** Errors that pass, and how long to wait where the server does not say, in milliseconds. */
const PASSING: ReadonlySet<string> = new Set(['rate_limited', 'storage_unavailable'])
const WAIT_MS = 2_000

/** After how long a tab sends what another tab has not sent, in milliseconds. */
const ADOPT_MS = 15_000

/**
 * Messages that are not stored yet. Each is kept in `localStorage` until it is, so that it outlives the page, and is
 * sent again under the same `client_id` for as long as nobody can say whether it arrived: the server stores it once.
 */
export const useOutboxStore = defineStore('outbox', () => {
  const auth = useAuthStore()
  const me = (): number => auth.user?.id ?? 0
  const entries = shallowRef<readonly Entry[]>([])
  /** What this tab sends; the rest is another's, until that is gone. */
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

  /** Send again what failed. */
  function retry(clientId: string): void {
    const entry = find(clientId)
    if (entry === undefined) return
    mine.add(clientId)
    keep({ ...entry, state: 'pending', code: null })
    void work()
  }

  /** It is stored, or not wanted any more. */
  function remove(clientId: string): void {
    if (find(clientId) === undefined) return
    removeUnsent(me(), clientId)
    drop(clientId)
  }

  /** Take out what turns out to be stored. */
  function settle(messages: Iterable<Message>): void {
    if (entries.value.length === 0) return
    for (const { sender_id, client_id } of messages) if (sender_id === me() && client_id !== null) remove(client_id)
  }

  /** Send everything that waits, whichever tab it is from. */
  function flush(): void {
    for (const { clientId } of entries.value) mine.add(clientId)
    void work()
  }

  /** Send one after the other, so that they are stored in order; end when there is nothing left or no connection. */
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

  /** Send an entry; false where it, and so the rest, has to wait. */
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

  /** Take up what was kept when the user was here last. */
  function load(): void {
    for (const entry of readUnsent(me())) put(entry)
  }

  /** Forget everything here, though not what is kept: it was another user's. */
  function reset(): void {
    working = null
    mine.clear()
    adoption.stop()
    pause.stop()
    entries.value = []
    lastOrder = 0
  }

  return { of, send, retry, discard: remove, settle, flush, load, apply, reset }
})

/** A new `client_id`. Not `crypto.randomUUID`, which pages without TLS do not have. */
function newClientId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

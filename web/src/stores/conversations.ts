import { defineStore } from 'pinia'
import { computed, ref, shallowRef, triggerRef } from 'vue'

import { CommandError } from '@/api/errors'
import type { Conversation, Position, ServerEvent } from '@/api/wire'
import { publish } from '@/events'
import { disturbing, keyOfConversation, peopleOf } from '@/model/conversations'
import { addressOf, keyOf, type Place, type PlaceKey } from '@/model/places'
import { saveConversations, savedConversations } from '@/offline/snapshots'
import { api, type ConversationPage } from '@/transport/api'
import { socket } from '@/transport/socket'

import { useAuthStore } from './auth'
import { Ledger } from './conversations/ledger'
import { rank } from './conversations/order'
import { useOutboxStore } from './outbox'
import { usePeopleStore } from './people'
import { useRoomsStore } from './rooms'
import { Timer } from './timer'

/** The size of the first page of conversations, and of those after it. */
const FIRST_PAGE = 50
const PAGE = 100

/** How long to wait before a retry, and before storing a snapshot, in milliseconds. */
const RETRY_MS = 3_000
const SNAPSHOT_MS = 1_000

/** The conversations: who said what last, and how much of it is unread. */
export const useConversationsStore = defineStore('conversations', () => {
  const auth = useAuthStore()
  const outbox = useOutboxStore()
  const people = usePeopleStore()
  const rooms = useRoomsStore()
  const me = (): number => auth.user?.id ?? 0
  /** Triggered when its contents have changed. */
  const shown = shallowRef(newLedger())
  let ledger = shown.value
  let version = 0
  /** Increases whenever the stream of events starts again: pages requested before are useless then. */
  let generation = 0
  /** The next page has the conversations whose rank is below this. */
  let next: number | undefined
  let loadingMore: Promise<void> | null = null
  let isRefreshing = false
  /** How far the reader has read each place, where the server does not know it yet. */
  const wanted = new Map<PlaceKey, { place: Place; upTo: number }>()
  const telling = new Set<PlaceKey>()
  const later = new Timer(resume, RETRY_MS)
  const snapshot = new Timer(() => void saveConversations(me(), known.value), SNAPSHOT_MS)

  const isLoaded = ref(false)
  const more = ref(false)
  const known = computed(() => shown.value.list())
  const list = computed(() => (outbox.newest.size === 0 ? known.value : withUnsent(known.value)))
  const totalUnread = computed(() => list.value.reduce((sum, conversation) => sum + disturbing(conversation), 0))

  function newLedger(): Ledger {
    return new Ledger({ me, brief: people.brief, between: rooms.between })
  }

  /** Begin with the places where something waits to be sent, also where nothing was said before. */
  function withUnsent(conversations: readonly Conversation[]): readonly Conversation[] {
    const first = [...outbox.newest.values()].reverse().flatMap(({ place }) => get(place) ?? begin(place) ?? [])
    const keys = new Set(first.map(keyOfConversation))
    return [...first, ...conversations.filter((conversation) => !keys.has(keyOfConversation(conversation)))]
  }

  function get(place: Place): Conversation | undefined {
    return shown.value.get(place)
  }

  /** Return an empty conversation with a user; null for a group, or if the user is not known. */
  const begin = (place: Place): Conversation | null => shown.value.begin(place)

  function showChanges(): void {
    if (version === ledger.version) return
    version = ledger.version
    triggerRef(shown)
    if (isLoaded.value) snapshot.start()
  }

  /** Show what was stored on the last visit. */
  async function showSnapshot(): Promise<void> {
    const user = me()
    const saved = await savedConversations(user)
    if (saved === undefined || isLoaded.value || user !== me()) return
    people.introduce(peopleOf(saved))
    ledger.showOld(saved)
    isLoaded.value = true
    showChanges()
  }

  /** Load the present state, and return its position in the change log. */
  async function load(): Promise<Position> {
    const asOf = generation
    const page = await api.conversations(undefined, FIRST_PAGE)
    if (asOf !== generation) return page.position
    generation += 1
    loadingMore = null
    ledger.restart()
    take(page, ledger.expect())
    isLoaded.value = true
    turn(page)
    showChanges()
    void loadRest()
    return page.position
  }

  function take(page: ConversationPage, reading: ServerEvent[]): void {
    ledger.merge(reading, page.conversations, page.position.cursor)
    people.remember(peopleOf(page.conversations))
  }

  /** Note where the page after this one begins. */
  function turn({ conversations, more: isMore }: ConversationPage): void {
    const last = conversations.at(-1)
    next = last && rank(last)
    more.value = isMore && next !== undefined
    if (!more.value) ledger.complete()
  }

  async function ask(before: number | undefined, limit: number): Promise<ConversationPage | null> {
    const asOf = generation
    const answered = people.asking()
    const reading = ledger.expect()
    try {
      const page = await api.conversations(before, limit)
      if (asOf !== generation) return null
      ledger.merge(reading, page.conversations, page.position.cursor)
      answered(peopleOf(page.conversations))
      return page
    } finally {
      ledger.giveUp(reading)
    }
  }

  function loadMore(): Promise<void> {
    if (!more.value || next === undefined) return Promise.resolve()
    const mine = (loadingMore ??= loadNext(next).finally(() => {
      if (loadingMore === mine) loadingMore = null
    }))
    return mine
  }

  async function loadNext(before: number): Promise<void> {
    const page = await ask(before, PAGE)
    if (page === null) return
    turn(page)
    showChanges()
  }

  /** Load the remaining conversations in the background: the total of unread messages needs them all. */
  async function loadRest(): Promise<void> {
    const asOf = generation
    try {
      while (more.value && asOf === generation) await loadMore()
      await refresh()
    } catch {
      later.start()
    }
  }

  /** Read unsure conversations again, each by asking for the one whose newest message is the newest known. */
  async function refresh(): Promise<void> {
    if (isRefreshing) return
    isRefreshing = true
    const asOf = generation
    const tried = new Map<PlaceKey, number>()
    try {
      for (;;) {
        const untried = [...ledger.unsure].find(([key, lastId]) => tried.get(key) !== lastId)
        if (untried === undefined || asOf !== generation) return
        tried.set(...untried)
        await ask(untried[1] + 1, 1)
        showChanges()
      }
    } catch {
      later.start()
    } finally {
      isRefreshing = false
    }
  }

  /** Note that the reader has read up to a message. */
  function markRead(place: Place, upTo: number): void {
    const key = keyOf(place)
    const known = ledger.get(place)
    if (upTo <= Math.max(wanted.get(key)?.upTo ?? 0, known?.read_up_to ?? 0)) return
    wanted.set(key, { place, upTo })
    ledger.claim(place, upTo)
    showChanges()
    void tell(place)
  }

  async function tell(place: Place): Promise<void> {
    const key = keyOf(place)
    if (telling.has(key)) return
    telling.add(key)
    const user = me()
    try {
      for (let upTo = wanted.get(key)?.upTo; upTo !== undefined; upTo = wanted.get(key)?.upTo) {
        const { up_to } = await socket.request('read', { ...addressOf(place), up_to: upTo })
        if (user !== me()) return
        if (wanted.get(key)?.upTo === upTo) {
          wanted.delete(key)
          ledger.settle(place)
        }
        const [user_id, group_id] = place.kind === 'user' ? [place.id, null] : [null, place.id]
        publish({ type: 'read', data: { reader_id: user, user_id, group_id, up_to } })
      }
    } catch (error) {
      if (user === me() && error instanceof CommandError) refused(place, error)
    } finally {
      telling.delete(key)
    }
  }

  function refused(place: Place, error: CommandError): void {
    if (error.code === 'rate_limited' || error.code === 'storage_unavailable') {
      later.start(error.retryAfterMs ?? undefined)
      return
    }
    wanted.delete(keyOf(place))
    ledger.settle(place)
    ledger.doubt(place)
    void refresh()
  }

  function apply(event: ServerEvent): void {
    ledger.apply(event)
    showChanges()
    if (ledger.unsure.size > 0) void refresh()
  }

  /** Retry what failed while there was no connection. */
  function resume(): void {
    if (!socket.isConnected.value) return
    for (const { place } of wanted.values()) void tell(place)
    if (isLoaded.value) void loadRest()
  }

  /** Forget everything, which was another user's. */
  function reset(): void {
    generation += 1
    later.stop()
    snapshot.stop()
    wanted.clear()
    telling.clear()
    loadingMore = null
    next = undefined
    isLoaded.value = false
    more.value = false
    ledger = shown.value = newLedger()
    version = 0
  }

  return { list, isLoaded, more, totalUnread, get, begin, load, loadMore, markRead, apply, showSnapshot, resume, reset }
})

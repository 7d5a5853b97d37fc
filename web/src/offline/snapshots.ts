/**
 * What was on the screen last, stored in IndexedDB and shown at the next start until the network answers. Where it
 * cannot be stored or read, the client works without it.
 */

import { clear, createStore, get, set, update, type UseStore } from 'idb-keyval'

import type { Conversation, Message } from '@/api/wire'
import { keyOf, type Place, type PlaceKey } from '@/model/places'

/** How many chats are kept, how many messages of each, and how many conversations. */
const CHATS = 20
const MESSAGES = 50
const CONVERSATIONS = 100

/** The newest messages of a chat by its place. Where an earlier version stored it, the place is the user's id. */
type StoredChat = [place: PlaceKey | number, messages: Message[]]

let store: UseStore | null = null

export async function saveConversations(me: number, conversations: readonly Conversation[]): Promise<void> {
  await attempt((store) => set(`${me}.conversations`, conversations.slice(0, CONVERSATIONS), store))
}

export async function savedConversations(me: number): Promise<Conversation[] | undefined> {
  return attempt((store) => get<Conversation[]>(`${me}.conversations`, store))
}

/** Store the newest messages of a chat, and drop the chat that was stored longest ago if there are too many. */
export async function saveChat(me: number, place: Place, messages: readonly Message[]): Promise<void> {
  const key = keyOf(place)
  await attempt((store) =>
    update<StoredChat[]>(
      `${me}.chats`,
      (chats = []) => {
        const others = chats.filter(([stored]) => String(stored) !== key)
        const newest: StoredChat = [key, messages.slice(-MESSAGES)]
        return [newest, ...others].slice(0, CHATS)
      },
      store,
    ),
  )
}

export async function savedChat(me: number, place: Place): Promise<Message[] | undefined> {
  const key = keyOf(place)
  const chats = await attempt((store) => get<StoredChat[]>(`${me}.chats`, store))
  return chats?.find(([stored]) => String(stored) === key)?.[1]
}

/** Forget all of it, of every user. */
export async function wipeSnapshots(): Promise<void> {
  await attempt((store) => clear(store))
}

async function attempt<T>(work: (store: UseStore) => Promise<T>): Promise<T | undefined> {
  try {
    store ??= createStore('chatd', 'snapshots')
    return await work(store)
  } catch {
    return undefined
  }
}

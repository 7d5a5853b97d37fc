/**
 * What was on the screen last, kept in IndexedDB to be shown at once at the next start, before the network answers or
 * where there is none. A courtesy: where it cannot be kept or read, there is none.
 */

import { clear, createStore, get, set, update, type UseStore } from 'idb-keyval'

import type { Conversation, Message } from '@/api/wire'

/** How many chats are kept, how many messages of each, and how many conversations. */
const CHATS = 20
const MESSAGES = 50
const CONVERSATIONS = 100

let store: UseStore | null = null

export async function saveConversations(me: number, conversations: readonly Conversation[]): Promise<void> {
  await attempt((store) => set(`${me}.conversations`, conversations.slice(0, CONVERSATIONS), store))
}

export async function savedConversations(me: number): Promise<Conversation[] | undefined> {
  return attempt((store) => get<Conversation[]>(`${me}.conversations`, store))
}

/** Keep the newest messages of a chat, and forget the chat that was kept longest ago if there are too many. */
export async function saveChat(me: number, userId: number, messages: readonly Message[]): Promise<void> {
  await attempt((store) =>
    update<[number, Message[]][]>(
      `${me}.chats`,
      (chats = []) => {
        const others = chats.filter(([id]) => id !== userId)
        return [[userId, messages.slice(-MESSAGES)] as [number, Message[]], ...others].slice(0, CHATS)
      },
      store,
    ),
  )
}

export async function savedChat(me: number, userId: number): Promise<Message[] | undefined> {
  const chats = await attempt((store) => get<[number, Message[]][]>(`${me}.chats`, store))
  return chats?.find(([id]) => id === userId)?.[1]
}

/** Forget all of it, of every user. */
export async function wipeSnapshots(): Promise<void> {
  await attempt((store) => clear(store))
}

async function attempt<T>(work: (store: UseStore) => Promise<T>): Promise<T | undefined> {
  if (typeof indexedDB === 'undefined') return undefined
  try {
    store ??= createStore('chatd', 'snapshots')
    return await work(store)
  } catch {
    return undefined
  }
}

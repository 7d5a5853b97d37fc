import { computed, type Ref, shallowRef } from 'vue'

import { ConnectionLost } from '@/api/errors'
import type { Commands, CommandType, ServerEvent } from '@/api/wire'
import { Connection, type Options, type Status as ConnectionStatus, type Stopped } from './connection'

export type { Stopped }
export type Status = 'idle' | ConnectionStatus
export type EventHandler = (event: ServerEvent) => void

export interface WebSocketConnection {
  /** Connect, and stay connected. Says nothing new where that token's connection is there already. */
  connect(options: Options): void
  /** Disconnect; nothing is left behind but those who listen. */
  disconnect(): void
  isConnected: Readonly<Ref<boolean>>
  status: Readonly<Ref<Status>>
  /** When the next attempt is made, as `Date.now()` counts, while waiting for it. */
  retryAt: Readonly<Ref<number | null>>
  /** Why there will be no next attempt. */
  stopped: Readonly<Ref<Stopped | null>>
  /** Do not wait for the next attempt. */
  retryNow(): void
  /** Have every event handed to `handler`, once and in order, until what is returned is called. */
  onMessage(handler: EventHandler): () => void
  /** Have a command carried out; rejects with `CommandError`, or with `ConnectionLost` where there is no answer. */
  request<T extends CommandType>(type: T, data: Commands[T]['data']): Promise<Commands[T]['answer']>
}

const connection = shallowRef<Connection | null>(null)
const subscriptions = new Set<{ handler: EventHandler }>()
const status = computed<Status>(() => connection.value?.status.value ?? 'idle')

const shared: WebSocketConnection = {
  connect(options) {
    if (connection.value?.token === options.token && status.value !== 'stopped') return
    shared.disconnect()
    connection.value = new Connection(options, dispatch)
  },

  disconnect() {
    connection.value?.close()
    connection.value = null
  },

  isConnected: computed(() => status.value === 'online'),
  status,
  retryAt: computed(() => connection.value?.retryAt.value ?? null),
  stopped: computed(() => connection.value?.stopped.value ?? null),

  retryNow: () => connection.value?.retryNow(),

  onMessage(handler) {
    const subscription = { handler }
    subscriptions.add(subscription)
    return () => void subscriptions.delete(subscription)
  },

  request: (type, data) => connection.value?.request(type, data) ?? Promise.reject(new ConnectionLost()),
}

/** The one connection to the server that everybody shares: nothing else opens a socket. */
export function useWebSocket(): WebSocketConnection {
  return shared
}

function dispatch(event: ServerEvent): void {
  for (const subscription of [...subscriptions]) {
    if (!subscriptions.has(subscription)) continue
    try {
      subscription.handler(event)
    } catch (error) {
      console.error('a handler of', event.type, 'failed', error)
    }
  }
}

import { computed, type Ref, shallowRef } from 'vue'

import { ConnectionLost } from '@/api/errors'
import type { Commands, CommandType } from '@/api/wire'
import { publish } from '@/events'

import { Connection, type Options, type Status as ConnectionStatus, type Stopped } from './connection'

export type { Stopped }
export type Status = 'idle' | ConnectionStatus

export interface Socket {
  /** Connect, and stay connected. Does nothing where there is a connection with this token. */
  connect(options: Options): void
  disconnect(): void
  isConnected: Readonly<Ref<boolean>>
  status: Readonly<Ref<Status>>
  /** When the next attempt is made, in milliseconds as `Date.now()` counts, while waiting for it. */
  retryAt: Readonly<Ref<number | null>>
  /** Why there will be no further attempt. */
  stopped: Readonly<Ref<Stopped | null>>
  /** Try again now instead of waiting. */
  retryNow: () => void
  /** Send a command; rejects with `CommandError`, or with `ConnectionLost` where there is no answer. */
  request<T extends CommandType>(type: T, data: Commands[T]['data']): Promise<Commands[T]['answer']>
}

const connection = shallowRef<Connection | null>(null)
const status = computed<Status>(() => connection.value?.status.value ?? 'idle')

/** The one connection to the server, shared by everybody. Its events go to those who subscribed to `@/events`. */
export const socket: Socket = {
  connect(options) {
    if (connection.value?.token === options.token && status.value !== 'stopped') return
    socket.disconnect()
    connection.value = new Connection(options, publish)
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

  request: (type, data) => connection.value?.request(type, data) ?? Promise.reject(new ConnectionLost()),
}

import { type InjectionKey, onScopeDispose, type Ref, shallowRef, watch } from 'vue'

import type { Message, ServerEvent } from '@/api/wire'
import { subscribe } from '@/events'
import { afterEvent } from '@/model/messages'
import { groupsApi } from '@/transport/groups'
import { socket } from '@/transport/socket'

/** The messages that are pinned in the open group, oldest first, and pinning more or fewer of them. */
export interface Pins {
  pinned: Readonly<Ref<readonly Message[]>>
  mayPin: Readonly<Ref<boolean>>
  /** Pin a message, or no longer; rejects as the calls of `groupsApi` do. */
  pin: (message: Message, on: boolean) => Promise<void>
}

/** For the menu of a message, which is far below. */
export const PINS: InjectionKey<Pins> = Symbol('pins')

/** Follow what is pinned in a group. */
export function usePins(groupId: number): Omit<Pins, 'mayPin'> {
  const pinned = shallowRef<readonly Message[]>([])

  async function load(): Promise<void> {
    pinned.value = await groupsApi.pinned(groupId).catch(() => pinned.value)
  }

  async function pin({ id }: Message, on: boolean): Promise<void> {
    await groupsApi.pin(id, on)
    await load()
  }

  function follow(event: ServerEvent): void {
    if (event.type === 'pin' || event.type === 'messages_restored') {
      if (event.data.group_id === groupId) void load()
      return
    }
    pinned.value = pinned.value
      .map((message) => afterEvent(message, event))
      .filter((message) => message.deleted_at === null)
  }

  // Another line may have missed something.
  watch(socket.isConnected, (isConnected) => isConnected && void load(), { immediate: true })
  onScopeDispose(subscribe(follow))

  return { pinned, pin }
}

import { onScopeDispose, shallowRef, type ShallowRef, watch } from 'vue'

import type { Invitation } from '@/api/wire'
import { subscribe } from '@/events'
import { groupPlace } from '@/model/places'
import { useConversationsStore } from '@/stores/conversations'
import { call } from '@/transport/api'
import { socket } from '@/transport/socket'

/**
 * Tells somebody what admins of groups do to them, and returns to which groups they are invited. The words are loaded
 * with the first of it.
 */
export function useGroupNews(): Readonly<ShallowRef<readonly Invitation[]>> {
  const conversations = useConversationsStore()
  /** What groups were called that one was in. */
  const names = new Map<number, string | undefined>()
  const invitations = shallowRef<readonly Invitation[]>([])

  async function load(): Promise<void> {
    const found = await call<{ invitations: Invitation[] }>('GET', '/invitations').catch(() => null)
    if (found) invitations.value = found.invitations
  }

  watch(socket.isConnected, (isConnected) => isConnected && void load(), { immediate: true })
  // Before the conversations follow the same event, and drop the group.
  onScopeDispose(
    subscribe((event) => {
      if (event.type === 'invitation') void load()
      if (event.type !== 'membership' && event.type !== 'moderated') return
      const id = event.data.group_id
      const name = conversations.get(groupPlace(id))?.group?.name ?? names.get(id)
      names.set(id, name)
      if (event.type !== 'moderated') return
      void import('@/components/groups/telling').then(({ tell }) => tell(event.data, name)).catch(() => undefined)
    }),
  )

  return invitations
}

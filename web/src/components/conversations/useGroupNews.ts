import { onScopeDispose } from 'vue'

import { subscribe } from '@/events'
import { groupPlace } from '@/model/places'
import { useConversationsStore } from '@/stores/conversations'

/** Tells somebody what admins of groups do to them. The words are loaded with the first of it. */
export function useGroupNews(): void {
  const conversations = useConversationsStore()
  /** What groups were called that one was in. */
  const names = new Map<number, string | undefined>()

  // Before the conversations follow the same event, and drop the group.
  onScopeDispose(
    subscribe((event) => {
      if (event.type !== 'membership' && event.type !== 'moderated') return
      const id = event.data.group_id
      const name = conversations.get(groupPlace(id))?.group?.name ?? names.get(id)
      names.set(id, name)
      if (event.type !== 'moderated') return
      void import('@/components/groups/telling').then(({ tell }) => tell(event.data, name)).catch(() => undefined)
    }),
  )
}

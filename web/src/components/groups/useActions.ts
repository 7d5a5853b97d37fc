import { onScopeDispose, ref, type Ref, shallowRef, type ShallowRef, watch } from 'vue'

import type { Action } from '@/api/wire'
import { subscribe } from '@/events'
import { moderationApi } from '@/transport/moderation'
import { socket } from '@/transport/socket'

const PAGE = 50
const SOON_MS = 200

/** What admins have done in a group, the newest first, kept up to date. */
export function useActions(
  groupId: number,
  isActive: () => boolean,
): {
  actions: Readonly<ShallowRef<readonly Action[] | null>>
  hasMore: Readonly<Ref<boolean>>
  hasFailed: Readonly<Ref<boolean>>
  load: () => Promise<void>
  loadMore: () => Promise<void>
  replace: (action: Action) => void
} {
  const actions = shallowRef<readonly Action[] | null>(null)
  const hasMore = ref(false)
  const hasFailed = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  /** Increases with every reading: an answer to an earlier one is out of date. */
  let reading = 0

  async function read(before?: number): Promise<void> {
    const mine = ++reading
    hasFailed.value = false
    try {
      const query = { before, limit: PAGE, ...(isActive() && { active: 'true' as const }) }
      const page = await moderationApi.actions(groupId, query)
      if (mine !== reading) return
      actions.value = before === undefined ? page.actions : [...(actions.value ?? []), ...page.actions]
      hasMore.value = page.more
    } catch {
      if (mine === reading) hasFailed.value = true
    }
  }

  const load = (): Promise<void> => read()
  const loadMore = (): Promise<void> => read(actions.value?.at(-1)?.id)

  function replace(action: Action): void {
    actions.value = actions.value?.map((each) => (each.id === action.id ? action : each)) ?? null
  }

  function follow(action: Action): void {
    if (action.group_id !== groupId) return
    if (actions.value?.some(({ id }) => id === action.id)) return replace(action)
    clearTimeout(timer)
    timer = setTimeout(() => void load(), SOON_MS)
  }

  watch(isActive, () => {
    actions.value = null
    void load()
  })
  watch(socket.isConnected, (isConnected) => isConnected && void load(), { immediate: true })
  onScopeDispose(subscribe((event) => event.type === 'action' && follow(event.data)))
  onScopeDispose(() => clearTimeout(timer))
  if (!socket.isConnected.value) void load()

  return { actions, hasMore, hasFailed, load, loadMore, replace }
}

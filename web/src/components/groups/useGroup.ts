import { computed, type ComputedRef, ref, type Ref, shallowRef, watch } from 'vue'

import { ApiError } from '@/api/errors'
import type { Group, MeInGroup, Preview, SeenGroup } from '@/api/wire'
import { groupPlace } from '@/model/places'
import { useConversationsStore } from '@/stores/conversations'
import { groupsApi } from '@/transport/groups'
import { socket } from '@/transport/socket'

/** Why a group is not there. */
export type Problem = 'none' | 'unreachable'

/**
 * A group by its id: as the conversations have it or, until they do, as the server says. What one is in it is null
 * for somebody outside the group; then there may be a preview.
 */
export function useGroup(id: ComputedRef<number>): {
  group: ComputedRef<Group | null>
  mine: ComputedRef<MeInGroup | null>
  preview: ComputedRef<Preview | null>
  problem: Ref<Problem | null>
  load: () => Promise<void>
} {
  const conversations = useConversationsStore()
  const seen = shallowRef<SeenGroup>({})
  const problem = ref<Problem | null>(null)

  const conversation = computed(() => conversations.get(groupPlace(id.value)))
  const isKnown = computed(() => conversation.value !== undefined)
  const source = computed((): SeenGroup => {
    const { group, me } = conversation.value ?? {}
    return group && me ? { group, me } : seen.value
  })

  async function load(): Promise<void> {
    const asked = id.value
    problem.value = null
    try {
      const found = await groupsApi.get(asked)
      if (asked === id.value) seen.value = found
    } catch (error) {
      if (asked !== id.value) return
      seen.value = {}
      const isNone = error instanceof ApiError && (error.status === 404 || error.status === 422)
      problem.value = isNone ? 'none' : 'unreachable'
    }
  }

  watch(
    [id, () => !isKnown.value && conversations.isLoaded, socket.isConnected],
    ([, isMissing]) => {
      seen.value = {}
      if (isMissing) void load()
    },
    { immediate: true },
  )

  return {
    group: computed(() => source.value.group ?? null),
    mine: computed(() => source.value.me ?? null),
    preview: computed(() => source.value.preview ?? null),
    problem,
    load,
  }
}

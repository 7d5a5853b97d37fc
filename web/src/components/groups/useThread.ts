import { computed, type ComputedRef, onScopeDispose, ref, type Ref, watch } from 'vue'

import type { Message, ServerEvent } from '@/api/wire'
import { subscribe } from '@/events'
import { Timeline } from '@/stores/messages/timeline'
import { usePeopleStore } from '@/stores/people'
import { groupsApi } from '@/transport/groups'
import { socket } from '@/transport/socket'

/** A thread: what one sees of it, oldest first, from the newest page on. */
export function useThread(
  groupId: number,
  root: number,
): {
  items: ComputedRef<readonly Message[]>
  moreBefore: ComputedRef<boolean>
  isLoaded: Ref<boolean>
  hasFailed: Ref<boolean>
  loadBefore: () => Promise<void>
  load: () => Promise<void>
} {
  const people = usePeopleStore()
  const timeline = new Timeline()
  const version = ref(0)
  const isLoaded = ref(false)
  const hasFailed = ref(false)

  async function read(before?: number): Promise<void> {
    hasFailed.value = false
    timeline.expect()
    try {
      const page = await groupsApi.thread(root, before)
      people.introduce(page.items.map(({ sender }) => sender))
      if (before === undefined) timeline.replace(page)
      else timeline.prepend(page)
      isLoaded.value = true
    } catch {
      timeline.giveUp()
      hasFailed.value = true
    }
    version.value = timeline.version
  }

  const load = (): Promise<void> => read()
  const loadBefore = (): Promise<void> => read(timeline.first?.id)

  function follow(event: ServerEvent): void {
    if (event.type === 'messages_restored' && event.data.group_id === groupId) void load()
    if (event.type === 'new_message' && event.data.thread !== root) return
    timeline.apply(event)
    version.value = timeline.version
  }

  // Another line may have missed something.
  watch(socket.isConnected, (isConnected) => isConnected && void load(), { immediate: true })
  onScopeDispose(subscribe(follow))

  return {
    items: computed(() => (version.value, timeline.snapshot())),
    moreBefore: computed(() => version.value >= 0 && timeline.moreBefore),
    isLoaded,
    hasFailed,
    load,
    loadBefore,
  }
}

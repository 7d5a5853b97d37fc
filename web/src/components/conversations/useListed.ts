import { computed, watch, type ComputedRef } from 'vue'

import type { Conversation } from '@/api/wire'
import { useOpenPlace } from '@/composables/useChatRoute'
import { keyOfConversation } from '@/model/conversations'
import { isSamePlace, keyOf, type Place } from '@/model/places'
import { useComposersStore } from '@/stores/composers'
import { useConversationsStore } from '@/stores/conversations'
import { useOutboxStore } from '@/stores/outbox'
import { usePeopleStore } from '@/stores/people'
import { socket } from '@/transport/socket'

/**
 * The conversations of the list: those there are and, before them, those that only a draft has begun. The one that is
 * open shows its draft itself.
 */
export function useListed(): ComputedRef<readonly Conversation[]> {
  const composers = useComposersStore()
  const conversations = useConversationsStore()
  const outbox = useOutboxStore()
  const people = usePeopleStore()
  const open = useOpenPlace()

  const begun = computed(() => composers.all.map(({ place }) => place))
  /** With whom something waits who is not known yet: they were met on an earlier visit. */
  const unknown = computed(() =>
    [...begun.value, ...outbox.entries.map(({ place }) => place)]
      .filter(({ kind, id }) => kind === 'user' && !people.brief(id))
      .map(({ id }) => id),
  )
  watch(
    [() => unknown.value.join(), socket.isConnected],
    () => {
      for (const id of new Set(unknown.value)) people.fetch(id).catch(() => undefined)
    },
    { immediate: true },
  )

  function fresh(place: Place): Conversation | null {
    const isOpen = open.value !== null && isSamePlace(open.value, place)
    return isOpen || conversations.get(place) ? null : conversations.begin(place)
  }

  return computed(() => {
    const { list } = conversations
    const keys = new Set(list.map(keyOfConversation))
    const first = begun.value.flatMap((place) => (keys.has(keyOf(place)) ? [] : (fresh(place) ?? [])))
    return first.length === 0 ? list : [...first, ...list]
  })
}

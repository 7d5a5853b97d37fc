import { computed, type ComputedRef } from 'vue'
import { type RouteLocationRaw, useRoute } from 'vue-router'

import { keyOf, type Place, placeOfKey } from '@/model/places'

/** Where a chat is shown. */
export function chatRoute(place: Place): RouteLocationRaw {
  return { name: 'chat', params: { place: keyOf(place) } }
}

/** Where a person's page is. */
export function personRoute(id: number): RouteLocationRaw {
  return { name: 'person', params: { id } }
}

/** The place whose chat the page shows; null where it shows something else. */
export function useOpenPlace(): ComputedRef<Place | null> {
  const route = useRoute()
  return computed(() => (route.name === 'chat' ? placeOfKey(String(route.params['place'])) : null))
}

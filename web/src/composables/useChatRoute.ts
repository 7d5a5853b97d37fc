import { computed, type ComputedRef } from 'vue'
import { type RouteLocationRaw, useRoute } from 'vue-router'

import { groupPlace, type Place, userPlace } from '@/model/places'

/** Where a chat is shown. */
export function chatRoute({ kind, id }: Place): RouteLocationRaw {
  return { name: kind === 'user' ? 'chat' : 'group', params: { id } }
}

/** Where a group's own page is. */
export function groupRoute(id: number): RouteLocationRaw {
  return { name: 'about-group', params: { id } }
}

/** Where the log of a group is. */
export function logRoute(id: number): RouteLocationRaw {
  return { name: 'group-log', params: { id } }
}

/** Where a person's page is. */
export function personRoute(id: number): RouteLocationRaw {
  return { name: 'person', params: { id } }
}

/** The place whose chat the page shows; null where it shows something else. */
export function useOpenPlace(): ComputedRef<Place | null> {
  const route = useRoute()
  return computed(() => {
    const id = Number(route.params['id'])
    return route.name === 'chat' ? userPlace(id) : route.name === 'group' ? groupPlace(id) : null
  })
}

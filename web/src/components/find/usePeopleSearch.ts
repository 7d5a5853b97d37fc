import type { Brief } from '@/api/wire'
import { usePeopleStore } from '@/stores/people'

import type { Found } from './useFinder'

/** Return how a finder asks the server for people other than oneself. */
export function usePeopleSearch(
  me: number,
): (text: string, skip: number, signal: AbortSignal) => Promise<Found<Brief>> {
  const people = usePeopleStore()
  return async (text, skip, signal) => {
    const { items, next } = await people.search(text, skip, signal)
    return { items: items.filter((person) => person.id !== me), next }
  }
}

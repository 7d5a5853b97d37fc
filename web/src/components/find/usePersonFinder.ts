import { computed, type ComputedRef } from 'vue'

import type { Brief } from '@/api/wire'
import { useAllTexts } from '@/composables/useAllTexts'

import { type Finder, useFinder } from './useFinder'
import { usePeopleSearch } from './usePeopleSearch'

/** Finding one person other than oneself, and how much was found in words. */
export function usePersonFinder(
  me: number,
  choose: (person: Brief) => void,
): { finder: Finder<Brief>; idOf: (person: Brief) => number; status: ComputedRef<string> } {
  const { t } = useAllTexts()
  const idOf = (person: Brief): number => person.id
  const finder = useFinder<Brief>({ ask: usePeopleSearch(me), idOf, choose })
  const { text, items, more, isAsking, hasFailed } = finder

  const status = computed(() => {
    const count = items.value.length
    const q = text.value.trim()
    if (hasFailed.value) return t('finding.searchFailed')
    if (more.value) return t('finding.shown', count)
    if (isAsking.value) return ''
    if (count > 0) return t('finding.shownAll', count)
    return q ? t('finding.noResults', { q }) : t('finding.nobody')
  })

  return { finder, idOf, status }
}

import { computed, ref } from 'vue'

import { isSamePlace, type Place } from '@/model/places'
import { useAuthStore } from '@/stores/auth'
import { useComposersStore } from '@/stores/composers'
import { useOutboxStore } from '@/stores/outbox'

/** What of the user's is only in this browser, of one conversation. */
export interface Unfinished {
  place: Place
  messages: number
  drafts: number
  edits: number
}

const isAsking = ref(false)
const isBusy = ref(false)

/** Signing out, which first asks where something would be lost. */
export function useSignOut() {
  const auth = useAuthStore()
  const outbox = useOutboxStore()
  const composers = useComposersStore()

  const unfinished = computed((): Unfinished[] => {
    const begun = composers.all.map(({ place, draft }) => ({
      place,
      messages: 0,
      drafts: draft.text.trim() === '' ? 0 : 1,
      edits: draft.edits.filter(({ text, original }) => text !== original).length,
    }))
    const places: Unfinished[] = begun.filter(({ drafts, edits }) => drafts + edits > 0)
    for (const { place } of outbox.entries) {
      const known = places.find((unfinished) => isSamePlace(unfinished.place, place))
      if (known) known.messages += 1
      else places.push({ place, messages: 1, drafts: 0, edits: 0 })
    }
    return places
  })

  /** Sign out, or ask whether to. */
  async function ask(): Promise<void> {
    if (unfinished.value.length > 0) isAsking.value = true
    else await signOut()
  }

  async function signOut(): Promise<void> {
    isBusy.value = true
    try {
      await auth.signOut()
    } finally {
      isBusy.value = false
      isAsking.value = false
    }
  }

  return { isAsking, isBusy, unfinished, ask, signOut }
}

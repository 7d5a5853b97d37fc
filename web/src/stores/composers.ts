import { defineStore } from 'pinia'
import { computed, shallowReactive, watch } from 'vue'

import { CommandError, ConnectionLost } from '@/api/errors'
import type { Message } from '@/api/wire'
import { keyOf, type Place, type PlaceKey, placeOfKey } from '@/model/places'
import { type Draft, type Edit, NO_DRAFT, onDraftElsewhere, readDrafts, writeDraft } from '@/offline/drafts'
import { toContent } from '@/text/content'
import { socket } from '@/transport/socket'

import { useAuthStore } from './auth'
import { useMessagesStore } from './messages'

export type { Draft, Edit }

/**
 * What is being written to each place: a new message, what it answers, and edits. All tabs share it and it outlives the
 * page; it ends when it is sent or saved, or when its user discards it.
 */
export const useComposersStore = defineStore('composers', () => {
  const auth = useAuthStore()
  const messages = useMessagesStore()
  const me = computed(() => auth.user?.id ?? 0)
  const drafts = shallowReactive(new Map<PlaceKey, Draft>())
  /** The messages whose edits are on their way to the server. */
  const saving = shallowReactive(new Set<number>())

  // At once: nothing of one user may be shown to another.
  watch(me, load, { immediate: true, flush: 'sync' })
  onDraftElsewhere(
    () => me.value,
    (place, change) => {
      if (place === null) drafts.clear()
      else hold(place, { ...(drafts.get(place) ?? NO_DRAFT), ...change })
    },
  )

  watch(socket.isConnected, (isConnected) => isConnected && resume())

  function load(): void {
    drafts.clear()
    for (const [place, draft] of readDrafts(me.value)) hold(place, draft)
  }

  function hold(place: PlaceKey, draft: Draft): void {
    if (draft.text === '' && draft.replyTo === null && draft.edits.length === 0) drafts.delete(place)
    else drafts.set(place, draft)
  }

  const of = (place: Place): Draft => drafts.get(keyOf(place)) ?? NO_DRAFT

  /** Everything begun anywhere. */
  const all = computed(() =>
    [...drafts].flatMap(([key, draft]) => {
      const place = placeOfKey(key)
      return place === null ? [] : [{ place, draft }]
    }),
  )

  function change(place: Place, changes: Partial<Draft>): void {
    const before = of(place)
    const after = { ...before, ...changes }
    hold(keyOf(place), after)
    writeDraft(me.value, keyOf(place), after, before)
  }

  function amend(place: Place, id: number, changes: Partial<Edit>): void {
    change(place, { edits: of(place).edits.map((edit) => (edit.id === id ? { ...edit, ...changes } : edit)) })
  }

  /** Write into what the field shows. */
  function write(place: Place, text: string): void {
    const edit = inFront(of(place))
    if (edit) amend(place, edit.id, { text, failure: null })
    else change(place, { text })
  }

  /** Edit a message, or return to an edit of it that waits. */
  function edit(place: Place, { id, content }: Message): void {
    const draft = of(place)
    const begun = draft.edits.find((edit) => edit.id === id) ?? { id, original: content, text: content, failure: null }
    change(place, { edits: [...changed(draft).filter((edit) => edit.id !== id), begun], front: id })
  }

  /** Answer a message; an edit waits meanwhile. */
  function reply(place: Place, { id, sender_id }: Message): void {
    change(place, { replyTo: { id, senderId: sender_id }, edits: changed(of(place)), front: null })
  }

  /** The edits without the one in front, where nothing was changed in that. */
  function changed({ edits, front }: Draft): readonly Edit[] {
    return edits.filter(({ id, text, original }) => id !== front || text !== original)
  }

  /** Remove an edit and return to what waits behind it. */
  function dropEdit(place: Place, id: number): void {
    const { edits, front } = of(place)
    const left = edits.filter((edit) => edit.id !== id)
    change(place, { edits: left, front: front === id ? (left.at(-1)?.id ?? null) : front })
  }

  /** Answer nothing, and return to an edit that waits. */
  function dropReply(place: Place): void {
    change(place, { replyTo: null, front: of(place).edits.at(-1)?.id ?? null })
  }

  /** Remove the new message, which is sent, and return to an edit that waits. */
  function dropMessage(place: Place): void {
    change(place, { text: '', replyTo: null, front: of(place).edits.at(-1)?.id ?? null })
  }

  /** Save an edit. It stays until the server has it. */
  async function save(place: Place, { id, text, failure }: Edit): Promise<void> {
    if (saving.has(id)) return
    const user = me.value
    saving.add(id)
    if (failure !== null) amend(place, id, { failure: null })
    try {
      await messages.edit(id, toContent(text))
      if (user === me.value) noteSaved(place, id, text)
    } catch (error) {
      if (user === me.value) amend(place, id, { failure: codeOf(error) })
      if (!(error instanceof CommandError) && !(error instanceof ConnectionLost)) throw error
    } finally {
      saving.delete(id)
    }
  }

  /** Save the edits that only a connection was missing for. */
  function resume(): void {
    for (const { place, draft } of all.value) {
      for (const edit of draft.edits) if (edit.failure === 'offline') void save(place, edit)
    }
  }

  /** Remove an edit that the server has, unless its user has gone on writing. */
  function noteSaved(place: Place, id: number, text: string): void {
    const edit = of(place).edits.find((edit) => edit.id === id)
    if (edit?.text === text) dropEdit(place, id)
    else amend(place, id, { original: text })
  }

  const isSaving = (id: number): boolean => saving.has(id)

  return { of, all, write, edit, reply, dropEdit, dropReply, dropMessage, save, isSaving }
})

/** The edit that the field shows. */
export function inFront({ edits, front }: Draft): Edit | null {
  return edits.find(({ id }) => id === front) ?? null
}

function codeOf(error: unknown): string {
  if (error instanceof ConnectionLost) return 'offline'
  return error instanceof CommandError ? error.code : 'unknown'
}

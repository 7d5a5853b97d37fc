import { keyOf, type PlaceKey, placeOfKey } from '@/model/places'

import { local, onChangedElsewhere, parsed } from './local'

/** A message that is answered. */
export interface Answered {
  id: number
  senderId: number
}

/** A change of a message that is not saved yet. */
export interface Edit {
  /** The message's id. */
  id: number
  /** Its text when the edit began. */
  original: string
  text: string
  /** Why it could not be saved: `offline`, or the code of the server's error. */
  failure: string | null
}

/** What a user has begun to write to a place. */
export interface Draft {
  /** A new message. */
  readonly text: string
  /** What the new message answers. */
  readonly replyTo: Answered | null
  /** In the order they were turned to. */
  readonly edits: readonly Edit[]
  /** The edit that the field shows, by its message; null for the new message. */
  readonly front: number | null
}

export const NO_DRAFT: Draft = { text: '', replyTo: null, edits: [], front: null }

/**
 * The text of the new message is stored by itself, as it always was: what an earlier version stored is read, and a tab
 * that still runs that version reads what this one stores. All else is beside it.
 */
type Beside = Omit<Draft, 'text'>
const NOTHING: Beside = { replyTo: null, edits: [], front: null }

const PARTS = ['text', 'beside'] as const
type Part = (typeof PARTS)[number]

/** What the keys of all of a user's drafts begin with. */
export const draftPrefixes = (me: number): Record<Part, string> => ({
  text: `chatd.draft.${me}.`,
  beside: `chatd.composer.${me}.`,
})

/** All that a user has begun to write, by place. */
export function readDrafts(me: number): Map<PlaceKey, Draft> {
  const drafts = new Map<PlaceKey, Draft>()
  for (const part of PARTS) {
    const prefix = draftPrefixes(me)[part]
    for (const key of local.keys(prefix)) {
      const place = placeKey(key.slice(prefix.length))
      if (place !== null) drafts.set(place, { ...(drafts.get(place) ?? NO_DRAFT), ...decode(part, local.get(key)) })
    }
  }
  return drafts
}

/** Store what differs from what was there before. */
export function writeDraft(me: number, place: PlaceKey, { text, ...beside }: Draft, before: Draft): void {
  const prefix = draftPrefixes(me)
  if (text !== before.text) put(prefix.text + place, text)
  const { replyTo, edits, front } = before
  if (beside.replyTo === replyTo && beside.edits === edits && beside.front === front) return
  put(prefix.beside + place, beside.replyTo === null && beside.edits.length === 0 ? '' : JSON.stringify(beside))
}

/**
 * Call `handler` when another tab changes a part of a draft; with a null place if it removed everything.
 *
 * @param me says whose drafts are meant at that time.
 */
export function onDraftElsewhere(
  me: () => number,
  handler: (place: PlaceKey | null, change: Partial<Draft>) => void,
): void {
  onChangedElsewhere((key, value) => {
    if (key === null) handler(null, NO_DRAFT)
    for (const part of PARTS) {
      const prefix = draftPrefixes(me())[part]
      const place = key?.startsWith(prefix) ? placeKey(key.slice(prefix.length)) : null
      if (place !== null) handler(place, decode(part, value))
    }
  })
}

function placeKey(text: string): PlaceKey | null {
  const place = placeOfKey(text)
  return place && keyOf(place)
}

function put(key: string, value: string): void {
  if (value === '') local.remove(key)
  else local.set(key, value)
}

function decode(part: Part, value: string | null): Partial<Draft> {
  return part === 'text' ? { text: value ?? '' } : decodeBeside(parsed<Beside>(value))
}

/** Anything may be stored there: what is no edit and no answer is passed over. */
function decodeBeside(stored: Beside | null): Beside {
  if (typeof stored !== 'object' || stored === null) return NOTHING
  const { replyTo, edits, front } = stored
  const known = Array.isArray(edits) ? edits.filter(isEdit) : []
  return {
    replyTo: typeof replyTo?.id === 'number' && typeof replyTo.senderId === 'number' ? replyTo : null,
    edits: known,
    front: known.some(({ id }) => id === front) ? front : null,
  }
}

function isEdit(edit: Partial<Edit> | null): boolean {
  return typeof edit?.id === 'number' && typeof edit.text === 'string' && typeof edit.original === 'string'
}

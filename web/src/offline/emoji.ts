import { local, parsed } from './local'

/** What a user chose of the emoji: the last ones, the newest first, and a skin tone. */
export interface EmojiHabits {
  recent: readonly string[]
  tone: string
}

const keyOfHabits = (me: number): string => `${emojiPrefix(me)}habits`

export const emojiPrefix = (me: number): string => `chatd.emoji.${me}.`

export function readEmojiHabits(me: number): EmojiHabits {
  const kept = parsed<Partial<EmojiHabits>>(local.get(keyOfHabits(me)))
  const recent = Array.isArray(kept?.recent) ? kept.recent.filter((emoji) => typeof emoji === 'string') : []
  return { recent, tone: typeof kept?.tone === 'string' ? kept.tone : '' }
}

export function writeEmojiHabits(me: number, habits: EmojiHabits): void {
  local.set(keyOfHabits(me), JSON.stringify(habits))
}

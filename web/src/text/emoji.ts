/** An emoji without a skin tone, its name, the other words that find it, and whether it has skin tones. */
export interface Emoji {
  readonly emoji: string
  readonly name: string
  readonly words: string
  readonly hasTones: boolean
}

/** No tone, and the five of Unicode from light to dark. */
export const TONES = ['', '🏻', '🏼', '🏽', '🏾', '🏿'] as const
export type Tone = (typeof TONES)[number]

/** What a tone follows: each person and hand, except the handshake that joins two people. */
const TONED = /(?<!\u200d)🤝|(?!🤝)\p{Emoji_Modifier_Base}\ufe0f?/gu

/** Return an emoji in a skin tone. */
export function toned({ emoji, hasTones }: Pick<Emoji, 'emoji' | 'hasTones'>, tone: Tone): string {
  if (!hasTones || tone === '') return emoji
  return emoji.replace(TONED, (part) => part.replace('\ufe0f', '') + tone)
}

/** Return an emoji without its skin tone, and without the selector that a tone takes the place of. */
export function plain(emoji: string): string {
  return emoji.replace(/\p{Emoji_Modifier}|\ufe0f/gu, '')
}

/**
 * Return the emoji that `query` finds, the best first: each of its words begins one of the emoji's name or other words.
 * In a script without spaces it may be anywhere in them.
 */
export function searchEmoji(all: readonly Emoji[], query: string): Emoji[] {
  const wanted = fold(query).split(/\s+/u).filter(Boolean)
  if (wanted.length === 0) return []
  const found: { emoji: Emoji; rank: number }[] = []
  for (const emoji of all) {
    const rank = rankOf(emoji, wanted)
    if (rank < 3) found.push({ emoji, rank })
  }
  return found.sort((a, b) => a.rank - b.rank).map(({ emoji }) => emoji)
}

/** 0: its name; 1: all in its name; 2: some in its other words only; 3: not found. */
function rankOf({ emoji, name, words }: Emoji, wanted: readonly string[]): 0 | 1 | 2 | 3 {
  if (wanted.length === 1 && plain(wanted[0]!) === plain(emoji)) return 0
  const own = fold(name)
  if (own === wanted.join(' ')) return 0
  if (wanted.every((word) => has(own, word))) return 1
  const other = fold(words)
  return wanted.every((word) => has(own, word) || has(other, word)) ? 2 : 3
}

function has(text: string, word: string): boolean {
  if (/^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(word)) return text.includes(word)
  return ` ${text.replace(/[-:,“”’'()]/gu, ' ')}`.includes(` ${word}`)
}

/** Lower case and without accents. */
function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}(?<!\ufe0f)/gu, '')
    .toLowerCase()
    .trim()
}

/** Return how many code points `text` has, which is what the server counts. */
export function countCodePoints(text: string): number {
  const points = text[Symbol.iterator]()
  let count = 0
  while (!points.next().done) count += 1
  return count
}

/**
 * Return what to send of what was typed: well-formed, without blank lines before it and white space after it; empty if
 * nothing in it is visible.
 */
export function toContent(text: string): string {
  if (!/[^\p{Z}\p{Cc}\p{DI}\u2800]/u.test(text)) return ''
  return text
    .replace(/\0/g, '')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/^(?:[^\S\n]*\n)+/, '')
    .trimEnd()
}

/** Return one line of `text` for a preview. */
export function oneLine(text: string, limit = 160): string {
  return text
    .slice(0, limit * 2)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, limit)
}

/** Return the language of `text` where its script tells, as line breaks and the forms of characters depend on it. */
export function languageOf(text: string): 'ja' | 'ko' | undefined {
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return 'ja'
  return /\p{Script=Hangul}/u.test(text) ? 'ko' : undefined
}

/** Report whether `text` is one to three emoji and nothing else: those are shown large. */
export function isBigEmoji(text: string): boolean {
  return text.length <= 48 && BIG_EMOJI.test(text)
}

const EMOJI = String.raw`(?:\p{RI}\p{RI}|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)(?:\p{EMod}|\ufe0f|\u200d\p{Extended_Pictographic}|[\u{e0020}-\u{e007f}])*`
const BIG_EMOJI = new RegExp(`^(?:${EMOJI}){1,3}$`, 'u')

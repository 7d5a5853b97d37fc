import type { AnyKey, Translate } from '@/i18n'

/** What the server says of a value, in a sentence that may change, and our own words for it. */
const SENTENCES: readonly (readonly [RegExp, AnyKey])[] = [
  [/missing data|may not be null/i, 'auth.required'],
  [/too common/i, 'values.common'],
  [/not be the username/i, 'values.likeUsername'],
  [/different scripts/i, 'values.scripts'],
  [/invisible|\bNUL\b/i, 'values.invisible'],
  [/at least one letter/i, 'auth.nicknameLetters'],
  [/begin with a letter/i, 'auth.usernameStart'],
  [/letters, marks and digits/i, 'auth.usernameCharacters'],
  [/\blength\b|longer than|characters \(|maximum size/i, 'values.length'],
]

/** Return what is wrong with a value, in the reader's language. */
export function describeValue(sentences: unknown, t: Translate<AnyKey>): string {
  const said = JSON.stringify(sentences)
  return t(SENTENCES.find(([pattern]) => pattern.test(said))?.[1] ?? 'values.other')
}

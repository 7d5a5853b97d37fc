import { ApiError, CommandError, ConnectionLost } from '@/api/errors'
import { languageTag, type MessageKey, type Translate } from '@/i18n'
import { en } from '@/locales/en'

import { fromNow, regional } from './times'

/** What the server says of a value, in a sentence that may change, and our own words for it. */
const SENTENCES: readonly (readonly [RegExp, MessageKey])[] = [
  [/missing data|may not be null/i, 'auth.required'],
  [/too common/i, 'problems.values.common'],
  [/not be the username/i, 'problems.values.likeUsername'],
  [/different scripts/i, 'problems.values.scripts'],
  [/invisible|\bNUL\b/i, 'problems.values.invisible'],
  [/at least one letter/i, 'auth.nicknameLetters'],
  [/begin with a letter/i, 'auth.usernameStart'],
  [/letters, marks and digits/i, 'auth.usernameCharacters'],
  [/\blength\b|longer than|characters \(|maximum size/i, 'problems.values.length'],
]

/** Return what is wrong with a value, in the reader's language. */
export function describeValue(sentences: unknown, t: Translate): string {
  const said = JSON.stringify(sentences)
  return t(SENTENCES.find(([pattern]) => pattern.test(said))?.[1] ?? 'problems.values.other')
}

/** Return the words for an error's code in the reader's language, or null if it has none. */
export function describeCode(code: string, t: Translate): string | null {
  return Object.hasOwn(en.problems.codes, code) ? t(`problems.codes.${code as keyof typeof en.problems.codes}`) : null
}

/** Describe an error in the reader's language; one without words of its own, in general ones. */
export function describe(error: unknown, t: Translate): string {
  if (error instanceof ConnectionLost) return t('problems.offline')
  if (!(error instanceof ApiError || error instanceof CommandError)) return t('shell.errors.unexpected')
  const { code, retryAfterMs } = error
  const status = error instanceof ApiError ? error.status : null
  if (status === 0) return t('shell.errors.network')
  if (code === 'rate_limited' && retryAfterMs !== null) return describeWait(retryAfterMs, t)
  const words = describeCode(code, t)
  if (words !== null) return words
  if (status === 429) return t('problems.codes.rate_limited')
  return t(status !== null && status >= 500 ? 'shell.errors.server' : 'problems.refused')
}

/** Say when to try again. */
export function describeWait(ms: number, t: Translate): string {
  return t('shell.errors.rateLimited', { when: fromNow(ms, regional(languageTag())) })
}

import { ApiError, CommandError, ConnectionLost } from '@/api/errors'
import { type AnyKey, languageTag, type Translate } from '@/i18n'
import { problems } from '@/locales/en/problems'

import { fromNow, regional } from './times'

/** Return the words for an error's code in the reader's language, or null if it has none. */
export function describeCode(code: string, t: Translate<AnyKey>): string | null {
  return Object.hasOwn(problems.codes, code) ? t(`problems.codes.${code as keyof typeof problems.codes}`) : null
}

/** Describe an error in the reader's language; one without words of its own, in general ones. */
export function describe(error: unknown, t: Translate<AnyKey>): string {
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
export function describeWait(ms: number, t: Translate<AnyKey>): string {
  return t('shell.errors.rateLimited', { when: fromNow(ms, regional(languageTag())) })
}

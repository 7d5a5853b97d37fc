import { LIMITS } from '@/model/limits'
import type { AnyKey, Translate } from '@/i18n'

/** The server's rules for what people enter, checked before sending. Each returns what is wrong, or an empty text. */

/** The shortest username, in characters, where none is Latin, Greek or Cyrillic. */
const USERNAME_MIN_ELSEWHERE = 2

/** The longest password, in bytes of UTF-8. */
const PASSWORD_MAX_BYTES = 1024

/** Joiners and non-joiners, which some scripts need. The server decides where they are allowed. */
const JOINERS = /[\u180b-\u180f\u200b-\u200d]/g

/** Return the length of a text as the server counts it, in code points. */
export function lengthOf(text: string): number {
  return [...text].length
}

export function usernameProblem(username: string, t: Translate<AnyKey>): string {
  const drawn = username.replace(JOINERS, '')
  const length = lengthOf(drawn.normalize('NFKC'))
  const { max } = LIMITS.username
  const isElsewhere =
    /\p{L}/u.test(username) && !/[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u.test(username)
  const min = isElsewhere ? USERNAME_MIN_ELSEWHERE : LIMITS.username.min
  if (length === 0) return t('auth.required')
  if (!/^[\p{L}\p{M}\p{Nd}_.-]+$/u.test(drawn)) return t('auth.usernameCharacters')
  if (!/^[\p{L}\p{Nd}]/u.test(drawn)) return t('auth.usernameStart')
  if (length < min) return t('auth.usernameShort', { min })
  if (length > max) return t('auth.usernameLong', { max })
  return ''
}

export function nicknameProblem(nickname: string, t: Translate<AnyKey>): string {
  if (nickname === '') return t('auth.required')
  if (!/[\p{L}\p{N}]/u.test(nickname)) return t('auth.nicknameLetters')
  if (lengthOf(nickname) > LIMITS.nickname) return t('auth.nicknameLong', { max: LIMITS.nickname })
  return ''
}

/** `min`: the shortest password that this server accepts, in characters. */
export function passwordProblem(password: string, min: number, t: Translate<AnyKey>): string {
  if (password === '') return t('auth.required')
  const composed = password.normalize('NFC')
  if (lengthOf(composed) < min) return t('auth.passwordShort', min)
  if (new TextEncoder().encode(composed).length > PASSWORD_MAX_BYTES) return t('auth.passwordLong')
  return ''
}

import { LIMITS } from '@/api/wire'
import type { Translate } from '@/i18n'

/** The server's rules for what people enter, said before it is sent. Each returns what is wrong, or nothing. */

/** The longest password, in bytes of UTF-8. */
const PASSWORD_MAX_BYTES = 1024

/** The length of a text as the server counts it: in code points. */
export function lengthOf(text: string): number {
  return [...text].length
}

export function usernameProblem(username: string, t: Translate): string {
  const length = lengthOf(username)
  const { min, max } = LIMITS.username
  if (length === 0) return t('auth.required')
  if (!/^[\p{L}\p{M}\p{Nd}_.-]+$/u.test(username)) return t('auth.usernameCharacters')
  if (length < min) return t('auth.usernameShort', { min })
  if (length > max) return t('auth.usernameLong', { max })
  return ''
}

export function nicknameProblem(nickname: string, t: Translate): string {
  if (nickname === '') return t('auth.required')
  if (lengthOf(nickname) > LIMITS.nickname) return t('auth.nicknameLong', { max: LIMITS.nickname })
  return ''
}

/** `min`: the shortest password that this server takes, in characters. */
export function passwordProblem(password: string, min: number, t: Translate): string {
  if (password === '') return t('auth.required')
  if (lengthOf(password) < min) return t('auth.passwordShort', min)
  if (new TextEncoder().encode(password).length > PASSWORD_MAX_BYTES) return t('auth.passwordLong')
  return ''
}

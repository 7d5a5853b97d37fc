import type { Brief } from '@/api/wire'
import { useI18n } from '@/i18n'
import { isDeleted } from '@/model/people'

const { t } = useI18n()

/** What the server lets into no name any more: the invisible, controls, and what changes the direction of text. */
const HIDDEN = String.raw`\u{16fe4}\p{DI}\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{NChar}\p{Bidi_C}\u2800\u{1d159}\u{13441}\u{13442}`
const HAS_HIDDEN = new RegExp(`[${HIDDEN}]`, 'u')
const EVERY_HIDDEN = new RegExp(`[${HIDDEN}]`, 'gu')
const HAS_VISIBLE = new RegExp(String.raw`[^${HIDDEN}\p{Z}\p{M}]`, 'u')

/** Where invisible characters belong: within an emoji, and after letters of scripts that need them. */
const EMOJI = String.raw`(?:\p{Emoji}\ufe0f?|\p{Extended_Pictographic}[\ufe0e\ufe0f]?)\p{EMod}?(?:[\u{e0020}-\u{e007e}]+\u{e007f})?`
const BELONGS = new RegExp(
  String.raw`${EMOJI}(?:\u200d${EMOJI})*|(?<=(?![\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Han}])[\p{L}\p{M}])[\u180b-\u180f\u200b-\u200d]+`,
  'gu',
)

/**
 * Return a user's name: the nickname or, for a deleted account, the text for that in the language shown. A nickname
 * from before the server's present rules, of which nothing can be seen or something should not, gives way to the
 * username.
 */
export function nameOf(user: Brief): string {
  if (isDeleted(user)) return t('people.gone')
  const { nickname } = user
  const isFit = HAS_VISIBLE.test(nickname) && !HAS_HIDDEN.test(nickname.replace(BELONGS, ''))
  return isFit ? nickname : usernameOf(user)
}

/**
 * Return the username as people write it, which tells apart those who have the same name; empty for a deleted account
 * and for a group.
 */
export function handleOf(user: Brief): string {
  return isDeleted(user) || user.username === '' ? '' : `@${usernameOf(user)}`
}

function usernameOf({ username }: Brief): string {
  return username.replace(EVERY_HIDDEN, '')
}

import type { Brief } from '@/api/wire'
import { useI18n } from '@/i18n'
import { isDeleted } from '@/model/people'

const { t } = useI18n()

/** Return a user's name: the nickname or, for a deleted account, the text for that in the language shown. */
export function nameOf(user: Brief): string {
  return isDeleted(user) ? t('people.gone') : user.nickname
}

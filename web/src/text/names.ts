import type { Brief } from '@/api/wire'
import { useI18n } from '@/i18n'
import { isDeleted } from '@/model/people'

const { t } = useI18n()

/** What somebody is called: by their nickname, and who has deleted their account by what the language shown has for it. */
export function nameOf(user: Brief): string {
  return isDeleted(user) ? t('people.gone') : user.nickname
}

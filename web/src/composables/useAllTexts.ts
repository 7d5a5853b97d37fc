import { addEnglish, useI18n, type AnyKey } from '@/i18n'
import { all } from '@/locales/en/later'

addEnglish(all)

/** As `useI18n`, for what is not on the first page: whoever imports it loads the rest of the texts as well. */
export function useAllTexts(): ReturnType<typeof useI18n<AnyKey>> {
  return useI18n<AnyKey>()
}

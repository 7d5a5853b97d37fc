import { createI18n } from 'vue-i18n'

import { en } from '@/locales/en'

/** The texts of one language; English is the measure for the others. */
export type Messages = typeof en

export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

const TAGS: Record<Language, string> = { en: 'en', zh: 'zh-CN' }

export const i18n = createI18n<[Messages], Language, false>({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as Record<Language, Messages>,
})

/** The first language of `wanted` that there are texts for, or English. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = LANGUAGES.find((known) => tag.toLowerCase().split('-')[0] === known)
    if (language) return language
  }
  return 'en'
}

/** The BCP 47 tag of the language shown, for `Intl` and for `<html lang>`. */
export function languageTag(): string {
  return TAGS[i18n.global.locale.value]
}

let wanted: Language = 'en'

/** Shows the client in `language`, which is fetched when it is not there yet. The language asked for last wins. */
export async function showLanguage(language: Language): Promise<void> {
  wanted = language
  if (language === 'zh' && !i18n.global.availableLocales.includes('zh')) {
    const { zh } = await import('@/locales/zh')
    i18n.global.setLocaleMessage('zh', zh)
  }
  if (wanted !== language) return
  i18n.global.locale.value = language
  document.documentElement.lang = TAGS[language]
}

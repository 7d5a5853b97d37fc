import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

import { chooseLanguage, LANGUAGES, type Language } from '@/i18n'
import { local, onChangedElsewhere, parsed } from '@/offline/local'
import { type Hours, HOURS, showHours } from '@/text/times'

const KEY = 'chatd.preferences'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export const TEXT_SIZES = ['small', 'normal', 'large', 'larger'] as const
export type TextSize = (typeof TEXT_SIZES)[number]

export interface Preferences {
  language: 'auto' | Language
  theme: Theme
  hours: Hours
  textSize: TextSize
  notifications: boolean
}

/** What somebody chose for this browser: stored in it, shared by its tabs, and not removed at signing out. */
export const usePreferencesStore = defineStore('preferences', () => {
  const language = ref<Preferences['language']>('auto')
  const theme = ref<Theme>('auto')
  const hours = ref<Hours>('auto')
  const textSize = ref<TextSize>('normal')
  const notifications = ref(false)
  const browserLanguages = ref<readonly string[]>(navigator.languages)

  const shownLanguage = computed(() =>
    language.value === 'auto' ? chooseLanguage(browserLanguages.value) : language.value,
  )

  function read(text: string | null): void {
    const kept = parsed<Partial<Record<keyof Preferences, unknown>> | null>(text) ?? {}
    language.value = LANGUAGES.find((known) => known === kept.language) ?? 'auto'
    theme.value = THEMES.find((known) => known === kept.theme) ?? 'auto'
    hours.value = HOURS.find((known) => known === kept.hours) ?? 'auto'
    textSize.value = TEXT_SIZES.find((known) => known === kept.textSize) ?? 'normal'
    notifications.value = kept.notifications === true
  }

  read(local.get(KEY))
  onChangedElsewhere((key, value) => {
    if (key === KEY) read(value)
  })
  window.addEventListener('languagechange', () => {
    browserLanguages.value = navigator.languages
  })

  watch(hours, showHours, { immediate: true })

  watch([language, theme, hours, textSize, notifications], () => {
    const text = JSON.stringify({
      language: language.value,
      theme: theme.value,
      hours: hours.value,
      textSize: textSize.value,
      notifications: notifications.value,
    })
    if (text !== local.get(KEY)) local.set(KEY, text)
  })

  function choose(changes: Partial<Preferences>): void {
    language.value = changes.language ?? language.value
    theme.value = changes.theme ?? theme.value
    hours.value = changes.hours ?? hours.value
    textSize.value = changes.textSize ?? textSize.value
    notifications.value = changes.notifications ?? notifications.value
  }

  return { language, theme, hours, textSize, notifications, shownLanguage, choose }
})

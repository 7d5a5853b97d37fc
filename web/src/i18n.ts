import { readonly, ref, shallowRef, type Ref } from 'vue'

import { en, type Messages } from '@/locales/en'
import type { AllMessages } from '@/locales/en/later'

/** The path of a text, such as `chat.send`. */
export type MessageKey = Path<Messages>

/** The path of any text, also of one that `useAllTexts` brings. */
export type AnyKey = Path<AllMessages>

type Path<Texts> = {
  [Name in keyof Texts & string]: Texts[Name] extends string ? Name : `${Name}.${Path<Texts[Name]>}`
}[keyof Texts & string]

/**
 * Return the text at `key` with each `{name}` filled in from `values`. A number is `{n}`, and chooses among the forms
 * of a text that has several: `one | more` or `none | one | more`.
 */
export type Translate<Key extends AnyKey = MessageKey> = (
  key: Key,
  values?: Record<string, string | number> | number,
) => string

export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

const TAGS: Record<Language, string> = { en: 'en', zh: 'zh-CN' }

const language = ref<Language>('en')
let english: Messages = en
const messages = shallowRef(english)
let zh: AllMessages | undefined
let wanted: Language = 'en'

const t: Translate<AnyKey> = (key, values = {}) => {
  const filling: Record<string, string | number> = typeof values === 'number' ? { n: values } : values
  const text = choose(find(key).split(' | '), typeof values === 'number' ? values : 2)
  return text.replace(/\{(\w+)\}/g, (gap, name: string) => isolate(String(filling[name] ?? gap)))
}

const CHANGES_DIRECTION = /[\p{Bidi_C}\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/**
 * Return `text` such that it keeps its direction to itself within another: whoever is called in Arabic, or by
 * characters that turn text around, turns no sentence around. A text that runs from left to right stays as it is.
 */
export function isolate(text: string): string {
  return CHANGES_DIRECTION.test(text) ? `\u2068${text.replace(/\p{Bidi_C}/gu, '')}\u2069` : text
}

function choose(forms: readonly string[], count: number): string {
  const wanted = forms.length > 2 ? Math.min(count, 2) : count === 1 ? 0 : 1
  return forms[Math.min(wanted, forms.length - 1)] ?? ''
}

function find(key: AnyKey): string {
  let found: unknown = messages.value
  for (const name of key.split('.')) found = (found as Record<string, unknown> | undefined)?.[name]
  return typeof found === 'string' ? found : key
}

/** The texts of the client in the language shown. Templates that use them follow when that changes. */
export function useI18n<Key extends AnyKey = MessageKey>(): {
  t: Translate<Key>
  language: Readonly<Ref<Language>>
} {
  return { t, language: readonly(language) }
}

/** Bring the English texts that the first page has not. */
export function addEnglish(all: AllMessages): void {
  if (messages.value === english) messages.value = all
  english = all
}

/** Return the first language of `wanted` that there are texts in, or English. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((known) => tag.toLowerCase().split('-')[0] === known)
    if (found) return found
  }
  return 'en'
}

/** Return the BCP 47 tag of the language shown, for `Intl` and `<html lang>`. */
export function languageTag(): string {
  return TAGS[language.value]
}

/** Show the client in `next`, which is loaded if it is not yet. The language requested last wins. */
export async function showLanguage(next: Language): Promise<void> {
  wanted = next
  if (next === 'zh') zh ??= (await import('@/locales/zh')).zh
  if (wanted !== next) return
  language.value = next
  messages.value = next === 'zh' && zh ? zh : english
  document.documentElement.lang = TAGS[next]
}

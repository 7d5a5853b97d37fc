/** Times as people say them, by `Intl`. Every function takes the BCP 47 tag that {@link regional} returns. */

import { ref } from 'vue'

import { useI18n } from '@/i18n'

const { t } = useI18n()

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const formats = new Map<string, Intl.DateTimeFormat>()
const relatives = new Map<string, Intl.RelativeTimeFormat>()

/** Whether the clock has 12 or 24 hours; `auto`: as in the reader's region. */
export const HOURS = ['auto', 'h12', 'h24'] as const
export type Hours = (typeof HOURS)[number]

const hours = ref<Hours>('auto')

/** Show all times by a clock of this many hours. */
export function showHours(next: Hours): void {
  hours.value = next
}

/**
 * Return the tag to format by: the language shown, as it is written where the reader lives, and that region's clock.
 *
 * @param wanted the tags of the languages the reader understands, the first of them the best.
 */
export function regional(
  language: string,
  wanted: readonly string[] = navigator.languages,
  clockHours: Hours = hours.value,
): string {
  const tags = wanted.flatMap((tag) => parse(tag) ?? [])
  const own = new Intl.Locale(language)
  const region = tags.find((tag) => tag.region)?.region ?? own.region
  const { script, language: spoken } = own.maximize()
  const base = new Intl.Locale(spoken, { ...(script ? { script } : {}), ...(region ? { region } : {}) }).minimize()
  const hourCycle = clockHours === 'auto' ? hourCycleOf(tags[0] ?? base) : clockHours === 'h12' ? 'h12' : 'h23'
  const tag = new Intl.Locale(spoken, {
    ...(base.script ? { script: base.script } : {}),
    ...(region ? { region } : {}),
    ...(hourCycle ? { hourCycle } : {}),
  })
  return tag.toString()
}

function parse(tag: string): Intl.Locale | null {
  try {
    return new Intl.Locale(tag)
  } catch {
    return null
  }
}

function hourCycleOf(tag: Intl.Locale): Intl.LocaleHourCycleKey | undefined {
  return new Intl.DateTimeFormat(tag, { hour: 'numeric' }).resolvedOptions().hourCycle
}

function format(date: Date, locale: string, options: Intl.DateTimeFormatOptions): string {
  const key = locale + JSON.stringify(options)
  let known = formats.get(key)
  if (!known) formats.set(key, (known = new Intl.DateTimeFormat(locale, options)))
  return known.format(date)
}

function relative(amount: number, unit: Intl.RelativeTimeFormatUnit, locale: string, style: 'long' | 'narrow'): string {
  const key = `${locale} ${style}`
  let known = relatives.get(key)
  if (!known) relatives.set(key, (known = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style })))
  return known.format(amount, unit)
}

/** Report whether two moments are on the same local calendar day. */
export function isSameDay(one: Date, other: Date): boolean {
  return (
    one.getDate() === other.getDate() &&
    one.getMonth() === other.getMonth() &&
    one.getFullYear() === other.getFullYear()
  )
}

/** Return how many midnights are between `date` and `now`; negative if `date` is in the future. */
function daysAgo(date: Date, now: number): number {
  const today = new Date(now)
  const noon = (day: Date): number => Date.UTC(day.getFullYear(), day.getMonth(), day.getDate())
  return Math.round((noon(today) - noon(date)) / DAY)
}

function capitalize(text: string, locale: string): string {
  const [first = ''] = text
  return first.toLocaleUpperCase(locale) + text.slice(first.length)
}

/** `14:05` or `2:05 PM`. */
export function clock(date: Date, locale: string): string {
  return format(date, locale, { hour: 'numeric', minute: '2-digit' })
}

/** The date alone, such as `3 May 2026`. */
export function fullDate(date: Date, locale: string): string {
  return format(date, locale, { dateStyle: 'long' })
}

/** The date and time in short: `3/3/26, 14:05`. */
export function stamp(date: Date, locale: string): string {
  return format(date, locale, { dateStyle: 'short', timeStyle: 'short' })
}

/** The full date and time, for titles and screen readers. */
export function fullTime(date: Date, locale: string): string {
  return format(date, locale, { dateStyle: 'full', timeStyle: 'short' })
}

/** The heading of a day: `Today`, `Yesterday`, `Monday`, `3 March`, `3 March 2024`. */
export function dayLabel(date: Date, now: number, locale: string): string {
  const days = daysAgo(date, now)
  if (days === 0 || days === 1) return capitalize(relative(days === 0 ? 0 : -1, 'day', locale, 'long'), locale)
  if (days > 1 && days < 7) return capitalize(format(date, locale, { weekday: 'long' }), locale)
  return format(date, locale, { day: 'numeric', month: 'long', ...(isThisYear(date, now) ? {} : { year: 'numeric' }) })
}

/** A time in a list, short: `just now`, `5m ago`, `3h ago`, `Yesterday`, `Mon`, `3 Mar`, `03/03/2024`. */
export function shortTime(date: Date, now: number, locale: string): string {
  const age = now - date.getTime()
  const days = daysAgo(date, now)
  if (age < MINUTE) return t('shell.justNow')
  if (age < HOUR) return relative(-Math.floor(age / MINUTE), 'minute', locale, 'narrow')
  if (days === 0) return relative(-Math.floor(age / HOUR), 'hour', locale, 'narrow')
  if (days === 1) return capitalize(relative(-1, 'day', locale, 'long'), locale)
  if (days < 7) return capitalize(format(date, locale, { weekday: 'short' }), locale)
  if (isThisYear(date, now)) return format(date, locale, { day: 'numeric', month: 'short' })
  return format(date, locale, { dateStyle: 'short' })
}

/** A time in a sentence, as in "last seen …": `5 minutes ago`, `yesterday`, `12 days ago`, `3 Mar 2024`. */
export function relativeTime(date: Date, now: number, locale: string): string {
  const age = now - date.getTime()
  const days = daysAgo(date, now)
  if (age < MINUTE) return t('shell.justNow')
  if (age < HOUR) return relative(-Math.floor(age / MINUTE), 'minute', locale, 'long')
  if (days === 0) return relative(-Math.floor(age / HOUR), 'hour', locale, 'long')
  if (days < 30) return relative(-days, 'day', locale, 'long')
  return format(date, locale, { dateStyle: 'medium' })
}

/** How long it is until then, in a sentence: `in 5 seconds`, `in 2 minutes`. */
export function fromNow(ms: number, locale: string): string {
  if (ms <= MINUTE) return relative(Math.ceil(ms / 1000), 'second', locale, 'long')
  if (ms <= HOUR - MINUTE) return relative(Math.ceil(ms / MINUTE), 'minute', locale, 'long')
  return relative(Math.ceil(ms / HOUR), 'hour', locale, 'long')
}

function isThisYear(date: Date, now: number): boolean {
  return date.getFullYear() === new Date(now).getFullYear()
}

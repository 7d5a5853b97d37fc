// @vitest-environment happy-dom
import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { ApiError, CommandError } from '@/api/errors'
import { useAllTexts } from '@/composables/useAllTexts'
import { LANGUAGES, showLanguage } from '@/i18n'
import { all as en } from '@/locales/en/later'
import { zh } from '@/locales/zh'
import { describe as say } from '@/text/problems'
import { describeValue } from '@/text/values'

const { t } = useAllTexts()
const all = { en, zh }

/** What the client never has to say: it asks for none of these, or shows something else instead. */
const SILENT = new Set(['avatar_not_found', 'expectation_failed', 'header_too_large', 'resync'])

/** The server's codes, and what a program is to do about each. */
const codes = [...readFileSync('../docs/errors.md', 'utf8').matchAll(/^\| `(\w+)` \|.*\| ([^|]+) \|$/gm)].map(
  ([, code, todo]) => ({ code: code!, isBug: todo!.includes('it is a bug') }),
)

describe('a problem', () => {
  it('is known by all of the server’s codes', () => {
    expect(codes.length).toBeGreaterThan(30)
  })

  it.each(LANGUAGES)('has words in %s for every code that somebody can meet', (language) => {
    const words: Record<string, string> = all[language].problems.codes
    const met = codes.filter(({ code, isBug }) => !isBug && !SILENT.has(code)).map(({ code }) => code)
    expect(met.filter((code) => !words[code])).toEqual([])
    expect(Object.keys(words).filter((code) => !codes.some((known) => known.code === code))).toEqual([])
  })

  it.each(LANGUAGES)('is never said in the server’s own words: %s', async (language) => {
    await showLanguage(language)
    const detail = 'The server’s own words.'
    for (const code of [...codes.map((known) => known.code), 'of_tomorrow']) {
      for (const status of [400, 404, 413, 422, 429, 500, 503])
        expect(say(new ApiError({ status, code, detail }), t)).not.toContain(detail)
      expect(say(new CommandError({ code, detail }), t)).not.toContain(detail)
    }
    expect(describeValue([detail], t)).toBe(all[language].values.other)
    expect(describeValue({ 0: [detail] }, t)).toBe(all[language].values.other)
  })

  it('says when to try again, in the reader’s language', async () => {
    const error = (seconds: number): ApiError =>
      new ApiError({ status: 429, code: 'rate_limited', detail: 'no', retryAfterMs: seconds * 1000 })
    await showLanguage('en')
    expect(say(error(1), t)).toBe('Too many attempts. Try again in 1 second.')
    expect(say(error(90), t)).toBe('Too many attempts. Try again in 2 minutes.')
    expect(say(error(3600), t)).toBe('Too many attempts. Try again in 1 hour.')
    await showLanguage('zh')
    expect(say(error(5), t)).toBe('尝试次数过多，请在5秒钟后重试。')
  })
})

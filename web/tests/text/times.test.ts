// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'

import { showLanguage } from '@/i18n'
import { clock, dayLabel, fromNow, isSameDay, regional, relativeTime, shortTime } from '@/text/times'

const now = new Date(2026, 2, 18, 15, 30) // a Wednesday
const at = (...parts: [number, number, number, number?, number?]) => new Date(...parts)

describe('dayLabel', () => {
  it.each([
    [at(2026, 2, 18, 0, 1), 'Today', '今天'],
    [at(2026, 2, 17, 23, 59), 'Yesterday', '昨天'],
    [at(2026, 2, 13), 'Friday', '星期五'],
    [at(2026, 2, 11), '11 March', '3月11日'],
    [at(2024, 11, 31), '31 December 2024', '2024年12月31日'],
    [at(2026, 2, 19), '19 March', '3月19日'],
  ])('of %s', (date, english, chinese) => {
    expect(dayLabel(date, now.getTime(), 'en-GB')).toBe(english)
    expect(dayLabel(date, now.getTime(), 'zh-CN')).toBe(chinese)
  })
})

describe('shortTime', () => {
  it.each([
    [at(2026, 2, 18, 15, 30), 'just now', '刚刚'],
    [at(2026, 2, 18, 15, 31), 'just now', '刚刚'],
    [at(2026, 2, 18, 15, 25), '5m ago', '5分钟前'],
    [at(2026, 2, 18, 12, 0), '3h ago', '3小时前'],
    [at(2026, 2, 17, 23, 0), 'Yesterday', '昨天'],
    [at(2026, 2, 13), 'Fri', '周五'],
    [at(2026, 0, 3), 'Jan 3', '1月3日'],
    [at(2024, 0, 3), '1/3/24', '2024/1/3'],
  ])('of %s', async (date, english, chinese) => {
    await showLanguage('en')
    expect(shortTime(date, now.getTime(), 'en-US')).toBe(english)
    await showLanguage('zh')
    expect(shortTime(date, now.getTime(), 'zh-CN')).toBe(chinese)
  })

  it('counts the minutes across midnight rather than say yesterday', () => {
    expect(shortTime(at(2026, 2, 17, 23, 58), at(2026, 2, 18, 0, 3).getTime(), 'en-US')).toBe('5m ago')
  })
})

describe('relativeTime', () => {
  it('fits into a sentence', () => {
    expect(relativeTime(at(2026, 2, 18, 15, 29), now.getTime(), 'en')).toBe('1 minute ago')
    expect(relativeTime(at(2026, 2, 17), now.getTime(), 'en')).toBe('yesterday')
    expect(relativeTime(at(2026, 2, 10), now.getTime(), 'en')).toBe('8 days ago')
    expect(relativeTime(at(2026, 2, 18, 14, 0), now.getTime(), 'zh-CN')).toBe('1小时前')
  })
})

describe('the rest', () => {
  it('shows the clock as the region does', () => {
    expect(clock(at(2026, 2, 18, 15, 5), 'en-GB')).toBe('15:05')
    expect(clock(at(2026, 2, 18, 15, 5), 'en-US')).toMatch(/^3:05\sPM$/)
    expect(clock(at(2026, 2, 18, 15, 5), 'zh-CN')).toBe('15:05')
  })

  it.each([
    ['en', ['en-GB', 'en'], '15:05', '3 March 2024'],
    ['en', ['en-US'], '3:05 PM', 'March 3, 2024'],
    ['en', ['de-DE', 'en-US'], '15:05', '3 March 2024'],
    ['en', ['en', 'de'], '3:05 PM', 'March 3, 2024'],
    ['zh-CN', ['zh-CN', 'en-US'], '15:05', '2024年3月3日'],
    ['zh-CN', ['en-US'], '下午3:05', '2024年3月3日'],
    ['zh-CN', ['zh-TW'], '下午3:05', '2024年3月3日'],
    ['en', ['not a tag', 'C'], '3:05 PM', 'March 3, 2024'],
  ])('formats %s as the region of %j does', (language, wanted, time, day) => {
    const locale = regional(language, wanted)
    expect(clock(at(2026, 2, 18, 15, 5), locale).replace(/\s/, ' ')).toBe(time)
    expect(dayLabel(at(2024, 2, 3), now.getTime(), locale)).toBe(day)
    expect(clock(at(2026, 2, 18, 0, 5), regional(language, wanted, 'h24'))).toMatch(/^0?0:05$/)
    expect(clock(at(2026, 2, 18, 0, 5), regional(language, wanted, 'h12'))).toMatch(/^(12:05\sAM|上午12:05)$/i)
  })

  it('has one form of a duration', () => {
    expect([900, 59_001, 61_000, 3_600_000, 5_400_000].map((ms) => fromNow(ms, 'en'))).toEqual([
      'in 1 second',
      'in 60 seconds',
      'in 2 minutes',
      'in 1 hour',
      'in 2 hours',
    ])
    expect(fromNow(61_000, 'zh-CN')).toBe('2分钟后')
  })

  it('knows one day from the next', () => {
    expect(isSameDay(at(2026, 2, 18, 0, 0), at(2026, 2, 18, 23, 59))).toBe(true)
    expect(isSameDay(at(2026, 2, 18), at(2026, 3, 18))).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'

import { isFoundBy, searched } from '@/text/search'

describe('what a search compares', () => {
  it.each([
    ['Zoë  MÜLLER ', 'zoe muller'],
    ['Straße', 'STRASSE'],
    ['ΟΔΥΣΣΕΎΣ', 'οδυσσευς'],
    ['Ёлка', 'елка'],
    ['ｗｉｄｅ', 'wide'],
    ['An\u200bna', 'anna'],
    ['İstanbul', 'istanbul'],
  ])('is the same for %s and %s', (one, other) => {
    expect(searched(one)).toBe(searched(other))
  })

  it('keeps marks that make another letter', () => {
    expect(searched('が')).not.toBe(searched('か'))
    expect(searched('हिंदी')).not.toBe(searched('हद'))
  })
})

describe('somebody', () => {
  const zoe = { id: 1, username: 'z.martin', nickname: 'Zoë Martin', avatar_path: null, is_ai: false }

  it.each(['zoe', 'MART', 'z.m', '@z.mar', ''])('is found by %s', (text) => {
    expect(isFoundBy(zoe, searched(text))).toBe(true)
  })

  it('is not found by what spans two names', () => {
    expect(isFoundBy(zoe, searched('martinz'))).toBe(false)
  })
})

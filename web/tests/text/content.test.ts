import { describe, expect, it } from 'vitest'

import { countCodePoints, isBigEmoji, oneLine, toContent } from '@/text/content'

describe('what is typed', () => {
  it('is counted in code points', () => {
    expect(countCodePoints('né你😀')).toBe(4)
    expect(countCodePoints('👨‍👩‍👧')).toBe(5)
  })

  it('loses the blank lines around it and nothing within', () => {
    expect(toContent('\n \n  if x:\n\n    y  \n\n')).toBe('  if x:\n\n    y')
    expect(toContent(' \n ')).toBe('')
  })

  it('loses what the server refuses', () => {
    expect(toContent('a\0b\ud800c😀')).toBe('ab\ufffdc😀')
  })

  it('is nothing where nothing of it can be seen', () => {
    for (const text of ['\u200b', '\u202e \u2069', '\u3164', '\ufe0f', '\u2800', '\x07'])
      expect(toContent(text)).toBe('')
    for (const text of ['👩\u200d🚀', '\u202eturned', '\u0301', '\ue000']) expect(toContent(text)).toBe(text)
  })

  it('is one line in a preview', () => {
    expect(oneLine('  one\n\ttwo\u00a0three ')).toBe('one two three')
    expect(oneLine('x'.repeat(5000))).toHaveLength(160)
  })
})

describe('isBigEmoji', () => {
  it.each(['👍', '❤️', '👨‍👩‍👧', '🇨🇳', '👍🏽👍🏽', '😀😀😀', '🏴󠁧󠁢󠁳󠁣󠁴󠁿'])('%s is', (text) => {
    expect(isBigEmoji(text)).toBe(true)
  })

  it.each(['', '1', '#', 'ok 👍', '😀😀😀😀', '©', '12'])('%s is not', (text) => {
    expect(isBigEmoji(text)).toBe(false)
  })
})

import english from 'virtual:data/emoji-en'
import chinese from 'virtual:data/emoji-zh'
import { describe, expect, it } from 'vitest'

import { type Emoji, plain, searchEmoji, toned } from '@/text/emoji'

const read = (groups: typeof english): Emoji[] =>
  groups.flat().map(([emoji, name, words, hasTones]) => ({ emoji, name, words, hasTones: hasTones === 1 }))
const en = read(english)
const zh = read(chinese)

function find(emoji: string): Emoji {
  const found = en.find((known) => known.emoji === emoji)
  if (!found) throw new Error(`there is no ${emoji}`)
  return found
}

describe('the emoji', () => {
  it('are the same in every language, in nine groups', () => {
    expect(english.length).toBe(9)
    expect(zh.map(({ emoji }) => emoji)).toEqual(en.map(({ emoji }) => emoji))
    expect(en.length).toBeGreaterThan(1800)
    expect(en.every(({ name }) => name !== '')).toBe(true)
  })

  it.each([
    ['👍', '👍🏽'],
    ['✌️', '✌🏽'],
    ['🤝', '🤝🏽'],
    ['🧑‍🤝‍🧑', '🧑🏽‍🤝‍🧑🏽'],
    ['🕵️‍♀️', '🕵🏽‍♀️'],
    ['👩‍❤️‍💋‍👨', '👩🏽‍❤️‍💋‍👨🏽'],
    ['🐶', '🐶'],
  ])('have a skin tone where Unicode gives them one: %s', (emoji, expected) => {
    expect(toned(find(emoji), '🏽')).toBe(expected)
    expect(plain(toned(find(emoji), '🏽'))).toBe(plain(emoji))
  })
})

describe('searching', () => {
  it.each([
    ['thumbs up', '👍'],
    ['THUMBS', '👍'],
    ['pizza', '🍕'],
    ['heart red', '❤️'],
    ['bye', '👋'],
    ['pinata', '🪅'],
    ['curacao', '🇨🇼'],
    ['👍🏿', '👍'],
  ])('finds by the beginnings of words: %s', (query, emoji) => {
    expect(searchEmoji(en, query).map((found) => found.emoji)).toContain(emoji)
  })

  it.each([
    ['披萨', '🍕'],
    ['猫', '🐱'],
    ['生日', '🎂'],
  ])('finds anywhere in Chinese: %s', (query, emoji) => {
    expect(searchEmoji(zh, query).map((found) => found.emoji)).toContain(emoji)
  })

  it('has what is called so first', () => {
    expect(searchEmoji(en, 'dog')[0]?.emoji).toBe('🐕')
    expect(searchEmoji(en, 'fire')[0]?.emoji).toBe('🔥')
  })

  it.each(['', '  ', 'xyzzy', 'humb'])('finds nothing by %j', (query) => {
    expect(searchEmoji(en, query)).toEqual([])
  })
})

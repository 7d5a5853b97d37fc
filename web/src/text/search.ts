import type { Brief } from '@/api/wire'

import { nameOf } from './names'

/** Marks that a search ignores: those on letters of scripts in which a letter stays itself without them. */
const MARKS = /(?<=[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}]\p{Mn}*)\p{Mn}/gu

/** Return `text` as the server's searches compare it: in one case, without accents and what is invisible. */
export function searched(text: string): string {
  const plain = text.replace(/\p{DI}+/gu, '').normalize('NFKD')
  // By capitals, ß and SS are the same. Small letters again end a word with ς, which is σ elsewhere.
  const folded = plain.toUpperCase().toLowerCase().normalize('NFD').replace(/ς/g, 'σ')
  return folded.replace(MARKS, '').normalize('NFC').split(/\s+/).filter(Boolean).join(' ')
}

const keys = new WeakMap<Brief, string>()

/** Report whether somebody is found by `wanted`, which is {@link searched}. */
export function isFoundBy(person: Brief, wanted: string): boolean {
  let key = keys.get(person)
  if (key === undefined) {
    const names = new Set([person.nickname, nameOf(person), person.username].map(searched))
    keys.set(person, (key = [...names].join('\n')))
  }
  // People write a username as they see it.
  return key.includes(wanted.startsWith('@') ? wanted.slice(1) : wanted)
}

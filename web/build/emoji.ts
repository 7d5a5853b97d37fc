import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

import type { Plugin } from 'vite'

const PREFIX = 'virtual:data/emoji-'

/** Later emoji are empty boxes on many devices. */
const NEWEST = 15.1

/** The number of the group of skin tones and hair, which are parts of emoji. */
const COMPONENTS = 2

/** What of an entry of `emojibase-data` matters here. */
interface Entry {
  emoji: string
  label: string
  tags?: string[]
  group?: number
  order?: number
  version: number
  skins?: unknown[]
}

/**
 * Build `virtual:data/emoji-LANGUAGE` from `emojibase-data`: for each group in order, its emoji in order, each with its name,
 * the words that find it and whether it has skin tones.
 */
export function emojiData(): Plugin {
  const resolve = createRequire(import.meta.url).resolve
  return {
    name: 'emoji-data',
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : null),
    async load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return null
      const language = id.slice(PREFIX.length + 1)
      const entries = JSON.parse(await readFile(resolve(`emojibase-data/${language}/data.json`), 'utf8')) as Entry[]
      const groups: [string, string, string, 0 | 1][][] = []
      for (const { emoji, label, tags = [], group, version, skins } of entries.sort((a, b) => order(a) - order(b))) {
        if (group === undefined || group === COMPONENTS || version > NEWEST) continue
        ;(groups[group] ??= []).push([qualified(emoji), label, tags.join(' '), skins ? 1 : 0])
      }
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(groups.filter(Boolean)))})`
    },
  }
}

/** Without the selectors that Unicode does not ask for, as keyboards write it. */
function qualified(emoji: string): string {
  return emoji.replace(/(\p{Emoji_Presentation})\ufe0f/gu, '$1')
}

function order({ order }: Entry): number {
  return order ?? Infinity
}

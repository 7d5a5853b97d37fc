import type { Reaction } from '@/api/wire'

/** A character drawn as text unless something, such as a skin tone or a keycap, makes it an emoji. */
const NEEDS_SELECTOR = /(?![\p{Emoji_Presentation}#*0-9])\p{Emoji}(?!\p{Emoji_Modifier})|[#*0-9](?=\u20e3)/gu

/** Return what two forms of one reaction share: the server ignores variation selectors, and so ❤ and ❤️ are one. */
export function reactionKey(emoji: string): string {
  return emoji.replace(/\p{Variation_Selector}/gu, '').normalize('NFC')
}

/** Return a reaction as it is shown: an emoji in colour, as the server has it. */
export function shownReaction(emoji: string): string {
  return reactionKey(emoji).replace(NEEDS_SELECTOR, '$&\ufe0f')
}

export function isSameReaction(one: string, other: string): boolean {
  return one === other || reactionKey(one) === reactionKey(other)
}

/** Return each reaction once, as it is shown: what was kept by an older server or client may have one in two forms. */
export function mergeReactions(reactions: readonly Reaction[]): readonly Reaction[] {
  const merged = new Map<string, Set<number>>()
  for (const { emoji, user_ids } of reactions) {
    const shown = shownReaction(emoji)
    merged.set(shown, new Set([...(merged.get(shown) ?? []), ...user_ids]))
  }
  return [...merged].map(([emoji, users]) => ({ emoji, user_ids: [...users] }))
}

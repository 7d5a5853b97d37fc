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

/** Return how many chose a reaction who are not named; what was kept from an older server names all, and has no count. */
export function unnamed(reaction: Reaction | undefined): number {
  return reaction ? Math.max(0, reaction.count - reaction.user_ids.length) || 0 : 0
}

/** Return each reaction once, as it is shown: what was kept by an older server or client may have one in two forms. */
export function mergeReactions(reactions: readonly Reaction[]): readonly Reaction[] {
  const merged = new Map<string, Set<number>>()
  const others = new Map<string, number>()
  for (const reaction of reactions) {
    const shown = shownReaction(reaction.emoji)
    merged.set(shown, new Set([...(merged.get(shown) ?? []), ...reaction.user_ids]))
    others.set(shown, (others.get(shown) ?? 0) + unnamed(reaction))
  }
  return [...merged].map(([emoji, users]) => ({
    emoji,
    count: users.size + (others.get(emoji) ?? 0),
    user_ids: [...users],
  }))
}

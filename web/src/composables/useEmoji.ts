import { computed, type Ref, ref, shallowRef, watch } from 'vue'

import { type Language, useI18n } from '@/i18n'
import { readEmojiHabits, writeEmojiHabits } from '@/offline/emoji'
import { type Emoji, type Tone, TONES } from '@/text/emoji'

/** The groups of Unicode, as `virtual:data/emoji-*` has them. */
export const GROUPS = [
  'smileys',
  'people',
  'animals',
  'food',
  'travel',
  'activities',
  'objects',
  'symbols',
  'flags',
] as const
export type EmojiGroup = (typeof GROUPS)[number]

/** How many of the last emoji are kept. */
const RECENT = 24

const DATA: Record<Language, () => Promise<typeof import('virtual:data/emoji-*')>> = {
  en: () => import('virtual:data/emoji-en'),
  zh: () => import('virtual:data/emoji-zh'),
}

/** Every emoji with its name in the language shown; loaded on first use. */
export function useEmojiData() {
  const { language } = useI18n()
  const groups = shallowRef<readonly (readonly Emoji[])[] | null>(null)
  const hasFailed = ref(false)

  async function load(): Promise<void> {
    hasFailed.value = false
    const wanted = language.value
    try {
      const { default: data } = await DATA[wanted]()
      if (wanted !== language.value) return
      groups.value = data.map((group) =>
        group.map(([emoji, name, words, hasTones]) => ({ emoji, name, words, hasTones: hasTones === 1 })),
      )
    } catch {
      hasFailed.value = true
    }
  }

  watch(language, load, { immediate: true })

  return { groups, hasFailed, load }
}

/** The emoji that somebody used last in this browser, and their skin tone. */
export function useEmojiHabits(me: number): {
  recent: Readonly<Ref<readonly string[]>>
  tone: Ref<Tone>
  use: (emoji: string) => void
} {
  const habits = shallowRef(readEmojiHabits(me))

  function keep(changes: Partial<typeof habits.value>): void {
    habits.value = { ...readEmojiHabits(me), ...changes }
    writeEmojiHabits(me, habits.value)
  }

  return {
    recent: computed(() => habits.value.recent),
    tone: computed({
      get: () => TONES.find((tone) => tone === habits.value.tone) ?? '',
      set: (tone) => keep({ tone }),
    }),
    use: (emoji) =>
      keep({ recent: [emoji, ...readEmojiHabits(me).recent.filter((other) => other !== emoji)].slice(0, RECENT) }),
  }
}

import { shallowRef } from 'vue'

import type { Token } from './links'

/** Every link has one of these: without them there is nothing to look for. */
const HINT = /:\/\/|mailto:|@|[\p{L}\p{N}]\.\p{L}{2}/iu

const links = shallowRef<typeof import('./links') | null>(null)
let isLoading = false

/** Split `text` into plain pieces and links. The finding of links is loaded with the first text that may have one. */
export function linked(text: string): Token[] {
  if (HINT.test(text)) {
    if (links.value) return links.value.tokenize(text)
    void load()
  }
  return [{ text, href: null }]
}

async function load(): Promise<void> {
  if (isLoading) return
  isLoading = true
  try {
    links.value = await import('./links')
  } catch {
    // Without a network the text stays as it is; the next text that is shown tries again.
  } finally {
    isLoading = false
  }
}

import { defineStore } from 'pinia'
import { ref, shallowReactive } from 'vue'

import type { Block, Brief } from '@/api/wire'
import { api } from '@/transport/api'

const PAGE = 100

/** Whom the user blocks. No event tells other devices, so the list is loaded wherever it matters. */
export const useBlocksStore = defineStore('blocks', () => {
  const since = shallowReactive(new Map<number, Block>())
  const isLoaded = ref(false)
  /** Increases with each change made here: an answer requested before it is out of date. */
  let changes = 0
  /** Increases when another user signs in. */
  let generation = 0

  const isBlocked = (id: number): boolean => since.has(id)

  async function load(): Promise<void> {
    const asOf = [changes, generation]
    const found: Block[] = []
    for (let page; page === undefined || page.length === PAGE;) {
      page = await api.blocks(found.length, PAGE)
      found.push(...page)
    }
    if (asOf[0] !== changes || asOf[1] !== generation) return
    since.clear()
    for (const block of found) since.set(block.user.id, block)
    isLoaded.value = true
  }

  async function block(user: Brief): Promise<void> {
    const asOf = generation
    await api.block(user.id)
    if (asOf !== generation) return
    changes += 1
    since.set(user.id, { user, created_at: new Date().toISOString() })
  }

  async function unblock(user: Brief): Promise<void> {
    const asOf = generation
    await api.unblock(user.id)
    if (asOf !== generation) return
    changes += 1
    since.delete(user.id)
  }

  function reset(): void {
    generation += 1
    since.clear()
    isLoaded.value = false
  }

  return { since, isLoaded, isBlocked, load, block, unblock, reset }
})

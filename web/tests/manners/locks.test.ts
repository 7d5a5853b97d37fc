import { describe, expect, it, vi } from 'vitest'
import { effectScope, ref } from 'vue'

import { isLockHeld, useLock } from '@/transport/locks'

/** Something that requests a lock, as a tab does. */
function tab(name: string | null, mode: LockMode) {
  const wanted = ref(name)
  const scope = effectScope()
  const isHeld = scope.run(() => useLock(() => wanted.value, mode))
  return { wanted, isHeld: () => isHeld?.value, close: () => scope.stop() }
}

describe('a lock', () => {
  it('is held by one tab at a time, and by the next when that one goes', async () => {
    const first = tab('one', 'exclusive')
    const second = tab('one', 'exclusive')
    await vi.waitUntil(first.isHeld)
    expect(second.isHeld()).toBe(false)
    first.close()
    expect(first.isHeld()).toBe(false)
    await vi.waitUntil(second.isHeld)
    second.close()
    await vi.waitUntil(async () => !(await isLockHeld('one')))
  })

  it('that is shared is held by all who want it, until the last of them goes', async () => {
    const tabs = [tab('all', 'shared'), tab('all', 'shared')] as const
    await vi.waitUntil(() => tabs.every((each) => each.isHeld()))
    tabs[0].close()
    expect(await isLockHeld('all')).toBe(true)
    tabs[1].close()
    await vi.waitUntil(async () => !(await isLockHeld('all')))
  })

  it('is changed for another, and given back', async () => {
    const reader = tab('chat 1', 'shared')
    await vi.waitUntil(reader.isHeld)
    reader.wanted.value = 'chat 2'
    await vi.waitUntil(reader.isHeld)
    await vi.waitUntil(async () => !(await isLockHeld('chat 1')))
    expect(await isLockHeld('chat 2')).toBe(true)
    reader.wanted.value = null
    expect(reader.isHeld()).toBe(false)
    await vi.waitUntil(async () => !(await isLockHeld('chat 2')))
    reader.close()
  })

  it('is not taken by a tab that no longer wants it when its turn comes', async () => {
    const first = tab('turn', 'exclusive')
    await vi.waitUntil(first.isHeld)
    const second = tab('turn', 'exclusive')
    second.wanted.value = null
    first.close()
    await vi.waitUntil(async () => !(await isLockHeld('turn')))
    expect(second.isHeld()).toBe(false)
    second.close()
  })
})

// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'

import { setTitleCount, titleOf, usePageTitle } from '@/composables/usePageTitle'

afterEach(() => setTitleCount(0))

describe('the title', () => {
  it('says how much is unread, what the page is about, and whose it is', () => {
    expect(titleOf('Grace', 3)).toBe('(3) Grace · chatd')
    expect(titleOf('Grace', 0)).toBe('Grace · chatd')
    expect(titleOf('', 0)).toBe('chatd')
    expect(titleOf('', 1)).toBe('(1) chatd')
  })

  it('counts no further than a tab has room for', () => {
    expect(titleOf('Grace', 99)).toBe('(99) Grace · chatd')
    expect(titleOf('Grace', 100)).toBe('(99+) Grace · chatd')
  })

  it('follows the page and the count', async () => {
    const name = ref('Grace')
    const scope = effectScope()
    scope.run(() => usePageTitle(name))
    expect(document.title).toBe('Grace · chatd')
    setTitleCount(2)
    expect(document.title).toBe('(2) Grace · chatd')
    name.value = 'Admiral Grace'
    await nextTick()
    expect(document.title).toBe('(2) Admiral Grace · chatd')
    scope.stop()
    expect(document.title).toBe('(2) chatd')
  })

  it('belongs to the page that came last, whichever order pages come and go in', async () => {
    const name = ref('Grace')
    const before = effectScope()
    const after = effectScope()
    before.run(() => usePageTitle(name))
    after.run(() => usePageTitle('Settings'))
    name.value = 'Admiral Grace'
    await nextTick()
    expect(document.title).toBe('Settings · chatd')
    before.stop()
    expect(document.title).toBe('Settings · chatd')
    after.stop()
    expect(document.title).toBe('chatd')
  })
})

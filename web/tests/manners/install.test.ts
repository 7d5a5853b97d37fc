// @vitest-environment happy-dom
import { beforeAll, describe, expect, it } from 'vitest'

import { keepInstallOffer, useInstall } from '@/composables/useInstall'

/** The browser's offer, and how often it was taken up. */
function makeOffer(outcome: 'accepted' | 'dismissed'): { event: Event; prompts: () => number } {
  let prompts = 0
  const event = new Event('beforeinstallprompt', { cancelable: true })
  const prompt = (): Promise<{ outcome: string }> => {
    prompts++
    return Promise.resolve({ outcome })
  }
  return { event: Object.assign(event, { prompt }), prompts: () => prompts }
}

describe('installing', () => {
  beforeAll(keepInstallOffer)
  const { canInstall, install } = useInstall()

  it('is not offered where the browser does not offer it', async () => {
    expect(canInstall.value).toBe(false)
    expect(await install()).toBe(false)
  })

  it('waits for somebody to ask, and uses an offer once', async () => {
    const { event, prompts } = makeOffer('accepted')
    window.dispatchEvent(event)
    expect(event.defaultPrevented).toBe(true)
    expect(canInstall.value).toBe(true)
    expect(prompts()).toBe(0)
    expect(await install()).toBe(true)
    expect(canInstall.value).toBe(false)
    expect(await install()).toBe(false)
    expect(prompts()).toBe(1)
  })

  it('takes no for an answer', async () => {
    window.dispatchEvent(makeOffer('dismissed').event)
    expect(await install()).toBe(false)
  })

  it('is over when the browser has done it by itself', () => {
    window.dispatchEvent(makeOffer('accepted').event)
    window.dispatchEvent(new Event('appinstalled'))
    expect(canInstall.value).toBe(false)
  })
})

import { expect, test, vi } from 'vitest'

import { Backoff } from '@/transport/backoff'

const CEILINGS = [3_000, 6_000, 12_000, 24_000, 30_000, 30_000, 30_000]

test('waits are anywhere between half a second and a ceiling that doubles from 3 s to 30 s', () => {
  const draws = CEILINGS.map(() => [] as number[])
  for (let n = 0; n < 5_000; n += 1) {
    const backoff = new Backoff()
    for (const drawn of draws) drawn.push(backoff.next())
  }

  draws.forEach((drawn, n) => {
    const ceiling = CEILINGS[n] as number
    const least = Math.min(...drawn)
    const most = Math.max(...drawn)
    expect(least).toBeGreaterThanOrEqual(500)
    expect(most).toBeLessThanOrEqual(ceiling)
    // The whole range is used evenly: the odds that 5,000 draws miss these bounds are nil.
    expect(least).toBeLessThan(500 + 0.05 * (ceiling - 500))
    expect(most).toBeGreaterThan(ceiling - 0.05 * (ceiling - 500))
    const mean = drawn.reduce((sum, wait) => sum + wait, 0) / drawn.length
    expect(Math.abs(mean - (500 + ceiling) / 2)).toBeLessThan(0.05 * ceiling)
  })
})

test('after a success the first ceiling counts again', () => {
  vi.spyOn(Math, 'random').mockReturnValue(1)
  const backoff = new Backoff()
  const waits = [backoff.next(), backoff.next(), backoff.next()]
  backoff.reset()

  expect([...waits, backoff.next()]).toEqual([3_000, 6_000, 12_000, 3_000])
})

test('slowing down uses the highest ceiling at once', () => {
  vi.spyOn(Math, 'random').mockReturnValue(1)
  const backoff = new Backoff()
  backoff.slowDown()

  expect([backoff.next(), backoff.next()]).toEqual([30_000, 30_000])
})

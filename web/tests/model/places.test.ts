import { expect, test } from 'vitest'

import { groupPlace, keyOf, placeOfKey, userPlace } from '@/model/places'

test('a place has one key, which leads back to it', () => {
  expect([userPlace(12), groupPlace(12)].map(keyOf)).toEqual(['12', 'g12'])
  for (const place of [userPlace(12), groupPlace(12)]) expect(placeOfKey(keyOf(place))).toEqual(place)
})

test.each(['', '0', '012', 'g', 'g0', 'u12', '-1', '1.5', '12g', '99999999999999999'])('%j is no key', (text) => {
  expect(placeOfKey(text)).toBeNull()
})

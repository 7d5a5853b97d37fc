import { describe, expect, it } from 'vitest'

import { usernameProblem } from '@/text/rules'

const problem = (username: string) => usernameProblem(username, (key: string) => key)

describe('usernameProblem', () => {
  it.each(['ana', '日本', 'علی\u200cرضا', 'ක\u0dca\u200dරිෂාන්ත', 'ᠪᠠᠶᠢᠷ\u180eᠠ', 'a'.repeat(50), 'ﬁn'])(
    'finds nothing wrong with %j',
    (username) => {
      expect(problem(username)).toBe('')
    },
  )

  it.each([
    ['ab', 'auth.usernameShort'],
    ['ب\u200d', 'auth.usernameShort'],
    ['a b', 'auth.usernameCharacters'],
    ['\u200d_ana', 'auth.usernameStart'],
    ['ﷺﷺﷺ', 'auth.usernameLong'],
  ])('says of %j that %s', (username, expected) => {
    expect(problem(username)).toBe(expected)
  })
})

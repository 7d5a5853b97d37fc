import { describe, expect, it, test } from 'vitest'

import { keyOf, userPlace } from '@/model/places'
import { chatPath, routeOf } from '@/sw/routes'

const HOME = 'https://chat.example.org'
const FILES = new Set(['/index.html', '/favicon.svg', '/assets/index-1.js'])

function route(path: string, isNavigation = false): string | null {
  return routeOf(new URL(path, HOME), HOME, isNavigation, FILES)
}

describe('a navigation', () => {
  it.each([
    '/',
    '/login',
    '/login?next=%2Fmessages%2F4',
    '/register',
    '/settings',
    '/Settings/',
    '/settings/profile',
    '/messages',
    '/messages/',
    '/messages/42',
    '/messages//42/',
    '/groups/42',
    '/groups/42/about',
    '/join/aB_c-1',
  ])('to %s is answered by the shell', (path) => expect(route(path, true)).toBe('shell'))

  it.each([
    '/messages/history',
    '/messages/abc',
    '/messages/42/1',
    '/conversations',
    '/files/avatars/a.png',
    '/openapi.json',
    '/nowhere',
    '/index.html',
  ])('to %s is left to the server', (path) => expect(route(path, true)).toBeNull())
})

describe('what a page asks for', () => {
  it.each([
    '/messages',
    '/messages/42',
    '/conversations',
    '/auth/me',
    '/users/1',
    '/files/avatars/a.png',
    '/health',
    '/',
  ])('of the API at %s is never touched', (path) => expect(route(path)).toBeNull())

  it('of the build is an asset, of this version or of another', () => {
    expect(route('/assets/index-1.js')).toBe('asset')
    expect(route('/assets/index-2.js')).toBe('asset')
  })

  it('of the settings may be answered by what they were', () => expect(route('/config.json')).toBe('settings'))

  it('of the other files is kept only if it belongs to the shell', () => {
    expect(route('/favicon.svg')).toBe('file')
    expect(route('/icons/icon-512.png')).toBeNull()
  })

  it('of another host is never touched, whatever its path', () => {
    expect(route('https://elsewhere.example.org/assets/index-1.js')).toBeNull()
    expect(route('https://elsewhere.example.org/login', true)).toBeNull()
  })
})

test('a click on a notification leads to the chat of its place', () => {
  expect(chatPath({ messageId: 1, userId: 7 })).toBe(`/messages/${keyOf(userPlace(7))}`)
  expect(chatPath({ messageId: 1, groupId: 7 })).toBe('/groups/7')
})

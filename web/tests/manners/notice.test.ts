import { describe, expect, it } from 'vitest'

import type { Brief, Message } from '@/api/wire'
import { groupPlace, userPlace } from '@/model/places'
import { noticeOf, placeOfNotice, tagOf } from '@/notifications/notice'

const grace: Brief = { id: 7, username: 'grace', nickname: 'Grace', avatar_path: '/files/avatars/g.webp', is_ai: false }

const place = userPlace(grace.id)

const message: Message = {
  id: 12,
  sender_id: 7,
  receiver_id: 1,
  group_id: null,
  content: '<b>Lunch</b>?',
  is_read: false,
  created_at: '2026-01-02T03:04:05.678Z',
  sender: { ...grace, nickname: 'Amazing Grace' },
  client_id: null,
  edited_at: null,
  deleted_at: null,
  reply_to: null,
  reactions: [],
}

describe('a notification', () => {
  it('has the present name of the author, and the text as it was written', () => {
    const { title, options } = noticeOf(message, place, grace, true)
    expect(title).toBe('Grace')
    expect(options.body).toBe('<b>Lunch</b>?')
    expect(options.timestamp).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 678))
  })

  it('knows the way back to the message', () => {
    const { options } = noticeOf(message, place, grace, true)
    expect(options.data).toEqual({ userId: 7, messageId: 12 })
    expect(options.tag).toBe(tagOf(place))
    expect(tagOf(place)).not.toBe(tagOf(userPlace(71)))
    expect(placeOfNotice(options.data)).toEqual(place)
    const group = groupPlace(5)
    expect(placeOfNotice(noticeOf(message, group, grace, true).options.data)).toEqual(group)
  })

  it('shows the picture of the sender', () => {
    expect(noticeOf(message, place, grace, true).options.icon).toBe('/files/avatars/g.webp')
  })

  it.each([
    null,
    'https://elsewhere.example.org/me.png',
    '//elsewhere.example.org/me.png',
    '/\\elsewhere.example.org/me.png',
  ])('asks no other host for the picture %s', (avatar_path) =>
    expect(noticeOf(message, place, { ...grace, avatar_path }, true).options.icon).toBe('/icons/icon-192.png'),
  )

  it('shows no picture when the API is on another host', () => {
    expect(noticeOf(message, place, grace, false).options.icon).toBe('/icons/icon-192.png')
  })
})

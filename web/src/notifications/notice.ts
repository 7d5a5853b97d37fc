import type { Brief, Message } from '@/api/wire'
import { keyOf, type Place } from '@/model/places'
import type { EarlierNotificationData, NotificationData } from '@/sw/messages'

const ICON = '/icons/icon-192.png'
const BADGE = '/icons/badge-96.png'

/** Options that browsers know and TypeScript's library has left out again. */
export interface NoticeOptions extends NotificationOptions {
  renotify: boolean
  timestamp: number
  data: NotificationData
}

/** The tag of a chat's notification: there is one at a time for each, the newest. */
export function tagOf(place: Place): string {
  return `chat-${keyOf(place)}`
}

/**
 * A notification's title and the rest, for one message.
 *
 * @param place where the message is.
 * @param sender who has written, as they are called now.
 * @param isHome whether the API is where the page is. A picture from elsewhere would tell that host who reads.
 */
export function noticeOf(
  message: Message,
  place: Place,
  sender: Brief,
  isHome: boolean,
): { title: string; options: NoticeOptions } {
  const picture = sender.avatar_path
  return {
    title: sender.nickname,
    options: {
      body: message.content,
      tag: tagOf(place),
      renotify: true,
      icon: isHome && picture && /^\/(?![/\\])/.test(picture) ? picture : ICON,
      badge: BADGE,
      dir: 'auto',
      timestamp: Date.parse(message.created_at),
      data: { place: keyOf(place), messageId: message.id },
    },
  }
}

/** Read what a notification carries. */
export function dataOf(notification: Notification): NotificationData {
  const data = notification.data as NotificationData | EarlierNotificationData
  return 'place' in data ? data : { place: String(data.userId), messageId: data.messageId }
}

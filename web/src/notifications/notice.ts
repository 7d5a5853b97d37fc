import type { Brief, Message } from '@/api/wire'
import type { NotificationData } from '@/sw/messages'

const ICON = '/icons/icon-192.png'
const BADGE = '/icons/badge-96.png'

/** Options that browsers know and TypeScript's library has left out again. */
export interface NoticeOptions extends NotificationOptions {
  renotify: boolean
  timestamp: number
  data: NotificationData
}

/** The tag of a conversation's notification: there is one at a time for each, the newest. */
export function tagOf(userId: number): string {
  return `chat-${userId}`
}

/**
 * A notification's title and the rest, for one message.
 *
 * @param sender who has written, as they are called now.
 * @param isHome whether the API is where the page is. A picture from elsewhere would tell that host who reads.
 */
export function noticeOf(message: Message, sender: Brief, isHome: boolean): { title: string; options: NoticeOptions } {
  const picture = sender.avatar_path
  return {
    title: sender.nickname,
    options: {
      body: message.content,
      tag: tagOf(message.sender_id),
      renotify: true,
      icon: isHome && picture && /^\/(?![/\\])/.test(picture) ? picture : ICON,
      badge: BADGE,
      dir: 'auto',
      timestamp: Date.parse(message.created_at),
      data: { userId: message.sender_id, messageId: message.id },
    },
  }
}

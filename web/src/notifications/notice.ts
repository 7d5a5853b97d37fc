import type { Brief, Message } from '@/api/wire'
import { groupPlace, keyOf, type Place, userPlace } from '@/model/places'
import type { NotificationData } from '@/sw/messages'
import { nameOf } from '@/text/names'

const ICON = '/icons/icon-192.png'
const BADGE = '/icons/badge-96.png'

/** Options that browsers know and TypeScript's library leaves out. */
export interface NoticeOptions extends NotificationOptions {
  renotify: boolean
  timestamp: number
  data: NotificationData
}

/** The tag of a chat's notifications, of which only the newest is shown. */
export function tagOf(place: Place): string {
  return `chat-${keyOf(place)}`
}

/**
 * Make the notification of one message.
 *
 * @param place where the message is.
 * @param sender who wrote it, by their present name.
 * @param group the name and the picture of the group it is in; null for none.
 * @param isHome whether the API has the page's origin. A picture from elsewhere would tell that host who reads.
 */
export function noticeOf(
  message: Message,
  place: Place,
  sender: Brief,
  isHome: boolean,
  group: Brief | null = null,
): { title: string; options: NoticeOptions } {
  const picture = (group ?? sender).avatar_path
  return {
    title: nameOf(group ?? sender),
    options: {
      body: group ? `${nameOf(sender)}: ${message.content}` : message.content,
      tag: tagOf(place),
      renotify: true,
      icon: isHome && picture && /^\/(?![/\\])/.test(picture) ? picture : ICON,
      badge: BADGE,
      dir: 'auto',
      timestamp: Date.parse(message.created_at),
      data: { ...(place.kind === 'user' ? { userId: place.id } : { groupId: place.id }), messageId: message.id },
    },
  }
}

/** Return the place that a notification is about. */
export function placeOfNotice(data: NotificationData): Place {
  return 'userId' in data ? userPlace(data.userId) : groupPlace(data.groupId)
}

/** Messages between the page and the service worker. */

/** From the page to a worker. */
export type PageMessage =
  /** Is `entry`, the script that started the page, of your version? The answer is a boolean on the port sent along. */
  | { type: 'compare'; entry: string }
  /** Take over from the worker before you. */
  | { type: 'activate' }

/** From the worker to the page. */
export type WorkerMessage =
  /** A notification was clicked: show this page. */
  { type: 'open'; path: string }

/** The data of a notification, needed when it is clicked or out of date. */
export interface NotificationData {
  /** The key of the place where the message is, as in the address of its chat. */
  place: string
  messageId: number
}

/** What notifications of an earlier version carry, which may still be on the screen. */
export interface EarlierNotificationData {
  userId: number
  messageId: number
}

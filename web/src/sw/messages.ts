/** What the page and the service worker tell each other. */

/** From the page to a worker. */
export type PageMessage =
  /** Is `entry`, the script the page was started by, of your version? Answered by a boolean on the port that comes along. */
  | { type: 'compare'; entry: string }
  /** Take over from the worker before you. */
  | { type: 'activate' }

/** From the worker to the page. */
export type WorkerMessage =
  /** Somebody has chosen a notification: show this place. */
  { type: 'open'; path: string }

/** What a notification carries for the time when it is chosen or out of date. */
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

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

/**
 * The data of a notification, needed when it is clicked or out of date: the message, and whom or which group it is from.
 * An earlier version of the worker or of the page may have to read it, and knows only people.
 */
export type NotificationData = { messageId: number } & ({ userId: number } | { groupId: number })

import type { ServerEvent } from '@/api/wire'

/**
 * Delivers what happens on the server to its handlers: events from the socket, and the answers to the user's own
 * commands, told as the events that other devices get.
 */

export type EventHandler = (event: ServerEvent) => void

const subscriptions = new Set<{ handler: EventHandler }>()

/** Call `handler` with every event, in order, until the returned function is called. */
export function subscribe(handler: EventHandler): () => void {
  const subscription = { handler }
  subscriptions.add(subscription)
  return () => void subscriptions.delete(subscription)
}

/** Hand an event to all handlers at once, in the order they subscribed. One that fails does not stop the others. */
export function publish(event: ServerEvent): void {
  for (const subscription of [...subscriptions]) {
    if (!subscriptions.has(subscription)) continue
    try {
      subscription.handler(event)
    } catch (error) {
      console.error('a handler of', event.type, 'failed', error)
    }
  }
}

import type { EarlierNotificationData, NotificationData } from './messages'

/** How the service worker answers a request: with the shell, an asset of the build, the settings, another kept file, or not at all. */
export type Route = 'shell' | 'asset' | 'settings' | 'file' | null

/** The addresses of the client's pages, as the server knows them; any other navigation is the server's to answer. */
const PAGE = /^\/(?:login|register|settings|messages(?:\/\d+)?)?$/

/**
 * The way of one GET request.
 *
 * @param url what is asked for.
 * @param origin where the client is at home; what is elsewhere is never touched, nor is what the API answers.
 * @param isNavigation whether the browser opens it as a page: `/messages` is one and the API's address too.
 * @param files the paths of the build that are kept.
 */
export function routeOf(url: URL, origin: string, isNavigation: boolean, files: ReadonlySet<string>): Route {
  if (url.origin !== origin) return null
  if (isNavigation) return PAGE.test(url.pathname) ? 'shell' : null
  if (url.pathname.startsWith('/assets/')) return 'asset'
  if (url.pathname === '/config.json') return 'settings'
  return files.has(url.pathname) ? 'file' : null
}

/** The address of the chat that a notification is about. */
export function chatPath(data: NotificationData | EarlierNotificationData): string {
  return `/messages/${'place' in data ? data.place : data.userId}`
}

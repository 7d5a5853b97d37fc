import type { NotificationData } from './messages'

/** What a request is answered with: the shell, an asset of the build, the settings, another stored file, or nothing. */
export type Route = 'shell' | 'asset' | 'settings' | 'file' | null

/** The addresses of the client's pages, however they are written; the server answers any other navigation. */
const PAGE =
  /^\/+(?:(?:login|register|settings(?:\/+[a-z]+)?|messages(?:\/+\d+)?|people\/+\d+|groups\/+\d+(?:\/+about)?|join\/+[\w-]+)\/*)?$/i

/**
 * Decide how to answer a GET request.
 *
 * @param url the request's.
 * @param origin the client's own. Requests to elsewhere, and to the API, are left to the browser.
 * @param isNavigation whether the browser opens it as a page: `/messages` is one, and an address of the API too.
 * @param files the paths of the build that are stored.
 */
export function routeOf(url: URL, origin: string, isNavigation: boolean, files: ReadonlySet<string>): Route {
  if (url.origin !== origin) return null
  if (isNavigation) return PAGE.test(url.pathname) ? 'shell' : null
  if (url.pathname.startsWith('/assets/')) return 'asset'
  if (url.pathname === '/config.json') return 'settings'
  return files.has(url.pathname) ? 'file' : null
}

/** The address of the chat that a notification is about. */
export function chatPath(data: NotificationData): string {
  return 'userId' in data ? `/messages/${data.userId}` : `/groups/${data.groupId}`
}

/**
 * The service worker. It stores one version of the built client, so that it opens without a network, and shows
 * notifications.
 * It never stores what the API answers: conversations are stored by the page, and removed when the user signs out.
 */
import type { NotificationData, PageMessage, WorkerMessage } from './sw/messages'
import { chatPath, routeOf } from './sw/routes'

declare const self: ServiceWorkerGlobalScope

/**
 * Inserted by build/serviceWorker.ts: the paths of the build, those of them that are stored when they are first used,
 * and a digest of their contents.
 */
declare const __SHELL__: { version: string; files: string[]; later: string[] }

const { version, files, later } = __SHELL__
const KEPT: ReadonlySet<string> = new Set(files)

const PREFIX = 'chatd-shell-'
const CACHE = PREFIX + version
const PAGE = '/index.html'
const SETTINGS = '/config.json'

/** How long to wait for the network before the stored copy is shown, in milliseconds. */
const PATIENCE = 3000

/** What a proxy answers while the server behind it is down. */
const AWAY: ReadonlySet<number> = new Set([502, 503, 504])

/** What the server answers when it no longer serves the client. */
const GONE: ReadonlySet<number> = new Set([404, 410])

self.addEventListener('install', (event) => event.waitUntil(keepShell()))
self.addEventListener('activate', (event) => event.waitUntil(takeOver()))

self.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method !== 'GET') return
  switch (routeOf(new URL(request.url), self.location.origin, request.mode === 'navigate', KEPT)) {
    case 'shell':
      return event.respondWith(page(event))
    case 'asset':
      return event.respondWith(asset(event))
    case 'settings':
      return event.respondWith(settings(event))
    case 'file':
      return event.respondWith(fresh(request, new URL(request.url).pathname))
  }
})

self.addEventListener('message', (event) => {
  const message = event.data as PageMessage
  if (message.type === 'activate') event.waitUntil(self.skipWaiting())
  else event.waitUntil(compare(message.entry, event.ports[0]))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(chatPath(event.notification.data as NotificationData)))
})

async function keepShell(): Promise<void> {
  const cache = await caches.open(CACHE)
  // A file with a hash in its name never changes; the others are fetched again.
  await cache.addAll(
    files.map((path) => new Request(path, { cache: path.startsWith('/assets/') ? 'default' : 'no-cache' })),
  )
  await cache.add(SETTINGS).catch(() => undefined)
  for (const path of later) {
    const copy = await caches.match(path)
    if (copy) await cache.put(path, copy)
  }
}

async function takeOver(): Promise<void> {
  const names = await caches.keys()
  await Promise.all(
    names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)),
  )
  await self.clients.claim()
}

async function kept(path: string): Promise<Response | undefined> {
  const cache = await caches.open(CACHE)
  return cache.match(path, { ignoreVary: true })
}

/** Return the network's answer, or the stored copy if there is none in time. */
async function fresh(request: Request, path: string): Promise<Response> {
  const copy = await kept(path)
  if (!copy) return fetch(request)
  const answer = await Promise.race([fetch(request).catch(() => null), impatience()])
  return answer && !AWAY.has(answer.status) ? answer : copy
}

async function page(event: FetchEvent): Promise<Response> {
  const answer = await fresh(event.request, PAGE)
  if (GONE.has(answer.status)) event.waitUntil(leaveIfGone())
  return answer
}

async function asset(event: FetchEvent): Promise<Response> {
  const path = new URL(event.request.url).pathname
  const copy = await kept(path)
  if (copy) return copy
  const answer = await fetch(event.request)
  if (answer.ok && later.includes(path)) store(event, path, answer)
  return answer
}

async function settings(event: FetchEvent): Promise<Response> {
  const answer = await fresh(event.request, SETTINGS)
  if (answer.ok) store(event, SETTINGS, answer)
  return answer
}

function store(event: FetchEvent, path: string, answer: Response): void {
  const copy = answer.clone()
  event.waitUntil(caches.open(CACHE).then((cache) => cache.put(path, copy)))
}

function impatience(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE, null))
}

/** Remove everything stored if the server no longer has the client. */
async function leaveIfGone(): Promise<void> {
  const script = await fetch(self.location.href, { cache: 'no-store' }).catch(() => null)
  if (!script || !GONE.has(script.status)) return
  await self.registration.unregister()
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name.startsWith(PREFIX)).map((name) => caches.delete(name)))
}

/**
 * Tell a page whether it is of this version. If it is, and it is the only page, a waiting worker takes over unasked.
 */
async function compare(entry: string, port: MessagePort | undefined): Promise<void> {
  const isOurs = KEPT.has(entry)
  port?.postMessage(isOurs)
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  if (isOurs && windows.length <= 1) await self.skipWaiting()
}

/** Show `path` in an open window, the one in front if there are several, or in a new one. */
async function open(path: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const window =
    windows.find(({ focused }) => focused) ??
    windows.find(({ visibilityState }) => visibilityState === 'visible') ??
    windows[0]
  if (!window) {
    await self.clients.openWindow(path)
    return
  }
  window.postMessage({ type: 'open', path } satisfies WorkerMessage)
  await window.focus()
}

/**
 * The service worker: keeps one version of the built client, so that it opens without the network, and carries notifications.
 * It never keeps what the API answers: conversations are kept by the page, and wiped when somebody signs out.
 */
import type { EarlierNotificationData, NotificationData, PageMessage, WorkerMessage } from './sw/messages'
import { chatPath, routeOf } from './sw/routes'

declare const self: ServiceWorkerGlobalScope

/** Put in by build/serviceWorker.ts: the paths of the build, and a digest of what they hold. */
declare const __SHELL__: { version: string; files: string[] }

const { version, files } = __SHELL__
const KEPT: ReadonlySet<string> = new Set(files)

const PREFIX = 'chatd-shell-'
const CACHE = PREFIX + version
const PAGE = '/index.html'
const SETTINGS = '/config.json'

/** How long the network may take before what is kept is shown, in milliseconds. */
const PATIENCE = 3000

/** What a proxy says while the server behind it is away. */
const AWAY: ReadonlySet<number> = new Set([502, 503, 504])

/** What the server says when there is no client any more. */
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
      return event.respondWith(asset(request))
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
  const data = event.notification.data as NotificationData | EarlierNotificationData
  event.waitUntil(open(chatPath(data)))
})

async function keepShell(): Promise<void> {
  const cache = await caches.open(CACHE)
  // A hashed file is what its name says, wherever it comes from; the others are asked for anew.
  await cache.addAll(
    files.map((path) => new Request(path, { cache: path.startsWith('/assets/') ? 'default' : 'no-cache' })),
  )
  await cache.add(SETTINGS).catch(() => undefined)
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

/** What the network answers, or what is kept when it does not answer in time. */
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

async function asset(request: Request): Promise<Response> {
  return (await kept(new URL(request.url).pathname)) ?? fetch(request)
}

async function settings(event: FetchEvent): Promise<Response> {
  const answer = await fresh(event.request, SETTINGS)
  if (answer.ok) {
    const copy = answer.clone()
    event.waitUntil(caches.open(CACHE).then((cache) => cache.put(SETTINGS, copy)))
  }
  return answer
}

function impatience(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE, null))
}

/** Where the client is no longer served, nothing of it stays behind. */
async function leaveIfGone(): Promise<void> {
  const script = await fetch(self.location.href, { cache: 'no-store' }).catch(() => null)
  if (!script || !GONE.has(script.status)) return
  await self.registration.unregister()
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name.startsWith(PREFIX)).map((name) => caches.delete(name)))
}

/**
 * Tells a page whether it is of this version. The only page there is, and already new, is not worth a question: a worker that waits takes over.
 */
async function compare(entry: string, port: MessagePort | undefined): Promise<void> {
  const isOurs = KEPT.has(entry)
  port?.postMessage(isOurs)
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  if (isOurs && windows.length <= 1) await self.skipWaiting()
}

/** Shows `path` in a window that is there, the one in front if there are several, or in a new one. */
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

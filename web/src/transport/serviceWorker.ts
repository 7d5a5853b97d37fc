import { readonly, shallowRef, watch, type Ref } from 'vue'

import type { PageMessage } from '@/sw/messages'

import { socket } from './socket'

const SCRIPT = '/sw.js'

/** How often a page that stays open looks for a new version, in milliseconds. */
const LOOK_EVERY = 60 * 60 * 1000

const updateReady = shallowRef(false)
let registration: ServiceWorkerRegistration | undefined

/**
 * Stores the client for use without a network, and finds out when the server has a new version of it.
 * Nothing is reloaded unless the user asks: a new version waits, and `updateReady` says so.
 */
export function useServiceWorker(): {
  updateReady: Readonly<Ref<boolean>>
  /** Call once, when the page has been shown. In development there is no worker. */
  start: () => void
  /** Show the new version, in this tab and in all others that show the old one. */
  reload: () => void
} {
  return { updateReady: readonly(updateReady), start, reload }
}

function start(): void {
  if (!import.meta.env.PROD) return
  const { isConnected } = socket
  // A server that comes back is often a newer one.
  let wasConnected = false
  watch(isConnected, (now) => {
    if (now && wasConnected) void lookForUpdate()
    wasConnected ||= now
  })
  setInterval(() => void lookForUpdate(), LOOK_EVERY)
  const container = workers()
  if (container) void register(container)
}

/** The browser's service workers, or null where it has none or refuses them. */
export function workers(): ServiceWorkerContainer | null {
  try {
    return 'serviceWorker' in navigator ? navigator.serviceWorker : null
  } catch {
    return null
  }
}

/** The client's service worker as it is registered, if it is; one that is being installed is waited for. */
export async function registered(): Promise<ServiceWorkerRegistration | undefined> {
  try {
    const container = workers()
    const found = await container?.getRegistration()
    return found && !found.active ? await container?.ready : found
  } catch {
    return undefined
  }
}

async function register(workers: ServiceWorkerContainer): Promise<void> {
  let hadWorker = workers.controller !== null
  workers.addEventListener('controllerchange', () => {
    if (hadWorker && workers.controller) void follow(workers.controller)
    hadWorker = true
  })
  try {
    registration = await workers.register(scriptUrl(), { updateViaCache: 'none' })
  } catch {
    return // Refused by the browser's settings, or there is no worker at this server: the client works without.
  }
  registration.addEventListener('updatefound', () => watchWorker(registration?.installing ?? null))
  watchWorker(registration.installing)
  if (registration.waiting) void offer(registration.waiting)
}

function watchWorker(worker: ServiceWorker | null): void {
  worker?.addEventListener('statechange', () => {
    if (worker.state === 'installed' && registration?.active) void offer(worker)
  })
}

/** A worker waits: offer an update only if this page is of an older version. */
async function offer(worker: ServiceWorker): Promise<void> {
  updateReady.value = !(await isOf(worker))
}

/** Another worker has taken over, with the files of its version: a page of another version would miss its own. */
async function follow(worker: ServiceWorker): Promise<void> {
  if (!(await isOf(worker))) location.reload()
}

/** Whether this page is of the version that `worker` keeps. */
function isOf(worker: ServiceWorker): Promise<boolean> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = (event: MessageEvent<boolean>) => {
      port1.close()
      resolve(event.data)
    }
    worker.postMessage({ type: 'compare', entry: entry() } satisfies PageMessage, [port2])
  })
}

function reload(): void {
  const waiting = registration?.waiting
  if (waiting) waiting.postMessage({ type: 'activate' } satisfies PageMessage)
  else location.reload()
}

async function lookForUpdate(): Promise<void> {
  if (registration) await registration.update().catch(() => undefined)
  else await compareWithServer()
}

/** Compare the script that starts the server's page with this page's: the way where workers are not allowed. */
async function compareWithServer(): Promise<void> {
  const answer = await fetch('/index.html', { cache: 'no-cache' }).catch(() => null)
  if (answer?.ok && !(await answer.text()).includes(entry())) updateReady.value = true
}

/** The path of the script that started this page, which differs in every version. */
function entry(): string {
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]')
  return script ? new URL(script.src).pathname : ''
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL: (url: string) => string }
}

/** The worker's address, in the form that the page's Content-Security-Policy (`trusted-types chatd`) requires. */
function scriptUrl(): string {
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes }
  if (!trustedTypes) return SCRIPT
  return trustedTypes.createPolicy('chatd', { createScriptURL: () => SCRIPT }).createScriptURL('')
}

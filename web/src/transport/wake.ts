/** Have `handler` called when the network is back or the reader is, for as long as `signal` lasts. */
export function onWake(handler: () => void, signal: AbortSignal): void {
  // Outside a page (in a worker, in Node) there is nothing that sleeps.
  globalThis.window?.addEventListener('online', handler, { signal })
  globalThis.document?.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'visible') handler()
    },
    { signal },
  )
}

/** Call `handler` when the network or the reader is back, until `signal` is aborted. */
export function onWake(handler: () => void, signal: AbortSignal): void {
  // Outside a page (in a worker, in Node) nothing sleeps.
  globalThis.window?.addEventListener('online', handler, { signal })
  globalThis.document?.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'visible') handler()
    },
    { signal },
  )
}

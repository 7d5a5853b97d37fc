/**
 * `localStorage`. Where a browser refuses it or it is full, what is written is remembered for as long as the page
 * lives, so that nothing breaks before that.
 */

const remembered = new Map<string, string>()

export const local = {
  get(key: string): string | null {
    return remembered.get(key) ?? attempt(() => localStorage.getItem(key)) ?? null
  },

  /** Return whether it outlives the page. */
  set(key: string, value: string): boolean {
    remembered.delete(key)
    const isStored = attempt(() => (localStorage.setItem(key, value), true)) ?? false
    if (!isStored) remembered.set(key, value)
    return isStored
  },

  remove(key: string): void {
    remembered.delete(key)
    attempt(() => localStorage.removeItem(key))
  },

  /** The keys that begin with `prefix`. */
  keys(prefix: string): string[] {
    const stored = attempt(() => Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index)))
    const keys = new Set([...(stored ?? []), ...remembered.keys()])
    return [...keys].filter((key): key is string => key !== null && key.startsWith(prefix))
  },
}

/** Parse stored JSON; null if it is not JSON. */
export function parsed<T>(text: string | null): T | null {
  if (text === null) return null
  return attempt(() => JSON.parse(text) as T) ?? null
}

/** Call `handler` when another tab changes `localStorage`; with a null key if it removed everything. */
export function onChangedElsewhere(handler: (key: string | null, value: string | null) => void): void {
  globalThis.window?.addEventListener('storage', (event) => {
    if (event.key !== null) remembered.delete(event.key)
    handler(event.key, event.newValue)
  })
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** `localStorage`. Where a browser refuses it or it is full, nothing is stored and nothing breaks. */
export const local = {
  get(key: string): string | null {
    return attempt(() => localStorage.getItem(key)) ?? null
  },

  set(key: string, value: string): void {
    attempt(() => localStorage.setItem(key, value))
  },

  remove(key: string): void {
    attempt(() => localStorage.removeItem(key))
  },

  /** The keys that begin with `prefix`. */
  keys(prefix: string): string[] {
    const keys = attempt(() => Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index))) ?? []
    return keys.filter((key): key is string => key !== null && key.startsWith(prefix))
  },
}

/** Parse stored JSON; null if it is not JSON. */
export function parsed<T>(text: string | null): T | null {
  if (text === null) return null
  return attempt(() => JSON.parse(text) as T) ?? null
}

/** Call `handler` when another tab changes `localStorage`; with a null key if it removed everything. */
export function onChangedElsewhere(handler: (key: string | null, value: string | null) => void): void {
  globalThis.window?.addEventListener('storage', (event) => handler(event.key, event.newValue))
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

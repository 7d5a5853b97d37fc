/** `localStorage`, which a browser may refuse or fill up: then nothing is kept, and nothing breaks. */
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

/** Parse what was kept as JSON; null for what is no JSON. */
export function parsed<T>(text: string | null): T | null {
  if (text === null) return null
  return attempt(() => JSON.parse(text) as T) ?? null
}

/** Have `handler` called when another tab changes what is kept: with a null key where it has removed everything. */
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

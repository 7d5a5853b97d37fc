/** Settings of the place where the client runs, which its server tells in `/config.json`. */

export interface Settings {
  /** The origin of the API, such as `https://chat.example.org`; empty if it is the page's own. */
  api: string
  registration: 'open' | 'invite' | 'closed'
  /** The shortest password, in characters. */
  password_min: number
  /** What the community is called. */
  name: string
  /** The address of its picture, or empty. */
  picture: string
  /** Whom to ask about a forgotten password, in a sentence, or empty. */
  help: string
}

const DEFAULTS: Settings = { api: '', registration: 'open', password_min: 8, name: 'chatd', picture: '', help: '' }

let current = DEFAULTS
let loading: Promise<Settings> | null = null

/** Load the settings once. If that fails, the defaults apply until the next call. */
export function loadSettings(): Promise<Settings> {
  loading ??= fetchSettings().catch(() => {
    loading = null
    return DEFAULTS
  })
  return loading
}

/** The settings as far as they are known. */
export function settings(): Settings {
  return current
}

/** The address of a path of the API. */
export function apiAddress(path: string): URL {
  return new URL(path, current.api || location.origin)
}

async function fetchSettings(): Promise<Settings> {
  const response = await fetch(new URL('/config.json', location.origin))
  if (!response.ok) throw new Error(`the settings cannot be had: ${response.status}`)
  current = { ...DEFAULTS, ...((await response.json()) as Partial<Settings>) }
  return current
}

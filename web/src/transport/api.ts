import { ApiError } from '@/api/errors'
import { apiAddress } from '@/api/settings'
import type { Block, Brief, Conversation, Me, MessagePage, Position, User } from '@/api/wire'
import { addressOf, type Place } from '@/model/places'

/** How long a call may take, in milliseconds: longer than the server waits for a slow request. */
const TIMEOUT_MS = 30_000

/** The same for a ticket, without which there is no connection: a shorter wait, then another try. */
const TICKET_TIMEOUT_MS = 15_000

type Query = Record<string, string | number | undefined>

interface Call {
  query?: Query
  json?: object
  body?: BodyInit
  signal?: AbortSignal | undefined
  /** How long the call may take, if not as long as usual. */
  timeoutMs?: number
  /** Sent without a token: a 401 then says nothing about the session. */
  isPublic?: boolean
}

export interface Registration {
  username: string
  password: string
  nickname: string
  invite?: string
}

export interface ConversationPage {
  conversations: Conversation[]
  more: boolean
  /** The position in the change log at which this was read. */
  position: Position
}

/** Which messages of a place: at most one of `before`, `after` and `around`, each a message's id. */
export interface MessagesQuery {
  before?: number
  after?: number
  around?: number
  limit?: number
}

let token: string | null = null
let unauthorized: ((error: ApiError) => void) | null = null

/** The REST calls of one user. Each rejects with an {@link ApiError}, or as its `signal` says. */
export const api = {
  setToken(value: string | null): void {
    token = value
  },

  /** Call `handler` when the server no longer accepts the token. */
  onUnauthorized(handler: (error: ApiError) => void): void {
    unauthorized = handler
  },

  register: (body: Registration) => call<User>('POST', '/auth/register', { json: body, isPublic: true }),

  login: (username: string, password: string) =>
    call<{ access_token: string }>('POST', '/auth/login', {
      body: new URLSearchParams({ username, password }),
      isPublic: true,
    }),

  /** Get a ticket, which replaces the token in one handshake of the socket, where proxies may log it. */
  ticket: async (signal: AbortSignal): Promise<string> => {
    const answer = await call<{ ticket: string }>('POST', '/auth/tickets', { signal, timeoutMs: TICKET_TIMEOUT_MS })
    return answer.ticket
  },

  logout: () => call<void>('POST', '/auth/logout'),

  me: () => call<Me>('GET', '/users/me'),

  blocks: (skip: number, limit: number) => call<Block[]>('GET', '/users/me/blocks', { query: { skip, limit } }),

  block: (id: number) => call<void>('PUT', `/users/${id}/block`),

  unblock: (id: number) => call<void>('DELETE', `/users/${id}/block`),

  report: (messageId: number, reason: string) =>
    call<unknown>('POST', `/messages/${messageId}/report`, { json: { reason } }),

  user: (id: number) => call<User>('GET', `/users/${id}`),

  searchUsers: (q: string, skip = 0, limit = 20, signal?: AbortSignal) =>
    call<Brief[]>('GET', '/users/', { query: { q, skip, limit }, signal }),

  /** The conversations, newest first. */
  async conversations(before?: number, limit = 50): Promise<ConversationPage> {
    const response = await send('GET', '/conversations', { query: { before, limit } })
    const page = await parse<Pick<ConversationPage, 'conversations' | 'more'>>(response)
    return {
      ...page,
      position: {
        epoch: response.headers.get('Chatd-Epoch') ?? '',
        cursor: Number(response.headers.get('Chatd-Cursor')),
      },
    }
  },

  messages: (place: Place, query: MessagesQuery, signal?: AbortSignal) =>
    call<MessagePage>('GET', '/messages', { query: { ...addressOf(place), ...query }, signal }),
}

/** Make a REST call. */
export async function call<T>(method: string, path: string, options: Call = {}): Promise<T> {
  return parse<T>(await send(method, path, options))
}

/** Send a request and return the response; an error response throws {@link ApiError}. */
export async function send(
  method: string,
  path: string,
  { query, json, body, signal, isPublic, timeoutMs = TIMEOUT_MS }: Call,
): Promise<Response> {
  const address = apiAddress(path)
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) address.searchParams.set(name, String(value))
  }
  const headers = new Headers({ Accept: 'application/json' })
  const sent = isPublic ? null : token
  if (sent !== null) headers.set('Authorization', `Bearer ${sent}`)
  if (json !== undefined) headers.set('Content-Type', 'application/json')
  const timeout = AbortSignal.timeout(timeoutMs)
  let response: Response
  try {
    response = await fetch(address, {
      method,
      headers,
      body: json === undefined ? (body ?? null) : JSON.stringify(json),
      cache: 'no-store',
      credentials: 'omit',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw unreachable(error)
  }
  if (response.ok) return response
  const error = await problem(response)
  // A response to an earlier token must not end the session of the present one.
  if (error.status === 401 && sent !== null && sent === token) unauthorized?.(error)
  throw error
}

/** Parse a successful response. */
async function parse<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T
  try {
    return (await response.json()) as T
  } catch (error) {
    // Cut short, or not from the server at all, such as the sign-in page of a hotel's network.
    throw unreachable(error)
  }
}

async function problem(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => null)) as Partial<ApiError> | null
  return new ApiError({
    status: response.status,
    code: body?.code ?? 'unknown',
    detail: body?.detail ?? `The server answered ${response.status}.`,
    errors: body?.errors ?? {},
    retryAfterMs: retryAfterMs(response.headers.get('Retry-After')),
  })
}

/** The error of a request that did not come through. */
export function unreachable(cause: unknown): ApiError {
  const error = new ApiError({ status: 0, code: 'network', detail: 'The server cannot be reached.' })
  error.cause = cause
  return error
}

/** Parse a `Retry-After`, which has seconds or a date. */
function retryAfterMs(value: string | null): number | null {
  if (value === null) return null
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? null : Math.max(0, ms)
}

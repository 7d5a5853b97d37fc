import type {
  Group,
  GroupInvite,
  Invitation,
  JoinRequest,
  MeInGroup,
  Member,
  Message,
  MessagePage,
  NewGroupInvite,
  Preview,
  SeenGroup,
  WayIn,
} from '@/api/wire'

import { call, send } from './api'

export interface NewGroup {
  name: string
  description: string
  public: boolean
  /** Makes the call repeatable. */
  client_id: string
}

export type GroupChanges = Partial<
  Pick<Group, 'name' | 'description' | 'avatar_path' | 'public' | 'approval' | 'history' | 'slow_seconds'>
> & {
  rules?: Partial<Group['rules']>
}

export interface MembersQuery {
  q?: string
  role?: string
  after?: number
  limit?: number
}

/** Want to join a group: return it, or null where an admin decides. */
async function joining(path: string, note: string): Promise<SeenGroup | null> {
  const answer = await call<SeenGroup | { status: string }>('POST', path, note ? { json: { note } } : {})
  return 'group' in answer ? answer : null
}

/** The REST calls for groups; each rejects as those of `api` do. */
export const groupsApi = {
  create: (body: NewGroup) => call<Group>('POST', '/groups', { json: body }),

  get: (id: number) => call<SeenGroup>('GET', `/groups/${id}`),

  change: (id: number, body: GroupChanges) => call<Group>('PATCH', `/groups/${id}`, { json: body }),

  /** End a group; its name says that it is meant. */
  remove: (id: number, name: string) => call<void>('DELETE', `/groups/${id}`, { json: { name } }),

  leave: (id: number) => call<void>('POST', `/groups/${id}/leave`),

  /** Public groups, those with most members first. */
  search: (q: string, skip: number, limit: number, signal?: AbortSignal) =>
    call<Preview[]>('GET', '/groups', { query: { ...(q && { q }), skip, limit }, signal }),

  members: (id: number, query: MembersQuery, signal?: AbortSignal) =>
    call<{ members: Member[]; more: boolean }>('GET', `/groups/${id}/members`, { query: { ...query }, signal }),

  setRole: (id: number, user: number, role: string) =>
    call<Member>('PUT', `/groups/${id}/members/${user}`, { json: { role } }),

  setLevel: (id: number, body: Partial<Pick<MeInGroup, 'notify' | 'muted_until'>>) =>
    call<MeInGroup>('PUT', `/groups/${id}/me`, { json: body }),

  // The answer is empty.
  invite: async (id: number, user: number) =>
    void (await send('POST', `/groups/${id}/invitations`, { json: { user } })),

  withdraw: (id: number, user: number) => call<void>('DELETE', `/groups/${id}/invitations/${user}`),

  makeCode: (id: number, body: { expires_in?: number | null; max_uses?: number | null }) =>
    call<NewGroupInvite>('POST', `/groups/${id}/invites`, { json: body }),

  codes: (id: number) => call<GroupInvite[]>('GET', `/groups/${id}/invites`),

  revoke: (id: number, code: number) => call<void>('DELETE', `/groups/${id}/invites/${code}`),

  /** Join a group that is public, or accept an invitation. */
  join: (id: number, note = '') => joining(`/groups/${id}/join`, note),

  invitations: async () => (await call<{ invitations: Invitation[] }>('GET', '/invitations')).invitations,

  /** The groups that one asks to join. */
  requested: async () => (await call<{ requests: Preview[] }>('GET', '/invitations')).requests,

  /** Decline an invitation, and ask no longer to join. */
  decline: (id: number) => call<void>('DELETE', `/invitations/${id}`),

  wayIn: (code: string) => call<WayIn>('GET', `/join/${encodeURIComponent(code)}`),

  joinBy: (code: string, note = '') => joining(`/join/${encodeURIComponent(code)}`, note),

  /** Who asks to join, for admins. */
  requests: (id: number) => call<JoinRequest[]>('GET', `/groups/${id}/requests`),

  decide: (id: number, user: number, accept: boolean) =>
    call<void>('POST', `/groups/${id}/requests/${user}`, { json: { accept } }),

  /** The pinned messages, oldest first: a group has no more than this many. */
  pinned: async (id: number): Promise<Message[]> =>
    (await call<MessagePage>('GET', '/messages', { query: { group: id, pinned: 1, limit: 50 } })).items,

  pin: (messageId: number, on: boolean) => call<void>(on ? 'PUT' : 'DELETE', `/messages/${messageId}/pin`),

  /** A message and its answers: the newest, or those before one. */
  thread: (root: number, before?: number) =>
    call<MessagePage>('GET', '/messages', { query: { thread: root, before, limit: 50 } }),

  readers: async (messageId: number) =>
    (await call<{ user_ids: number[] }>('GET', `/messages/${messageId}/readers`)).user_ids,
}

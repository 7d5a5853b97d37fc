import type { Action, GroupReport, Message } from '@/api/wire'
import type { Deed } from '@/model/moderation'

import { call, send } from './api'

/** What to do to somebody: `message_id` is the one message to remove, `remove` the time whose messages go. */
export interface DeedBody {
  kind: Deed
  user?: number
  message_id?: number
  until?: string
  remove?: 'day' | 'week' | 'all'
  reason?: string
}

export interface ActionsQuery {
  before?: number | undefined
  active?: 'true'
  limit?: number
}

/** The REST calls for a group's admins; each rejects as those of `api` do. */
export const moderationApi = {
  act: (group: number, body: DeedBody) =>
    call<{ actions: Action[] }>('POST', `/groups/${group}/actions`, { json: body }),

  /** What was done in a group, the newest first. */
  actions: (group: number, query: ActionsQuery) =>
    call<{ actions: Action[]; more: boolean }>('GET', `/groups/${group}/actions`, { query: { ...query } }),

  undo: (group: number, action: number) => call<Action>('POST', `/groups/${group}/actions/${action}/undo`),

  end: (group: number, action: number) => call<Action>('POST', `/groups/${group}/actions/${action}/end`),

  /** Undo all that somebody has done since then, soon after the answer. */
  undoAll: async (group: number, actor: number, since: string) =>
    void (await send('POST', `/groups/${group}/actions/undo`, { json: { actor, since } })),

  /** What an action has removed, the newest first. */
  removed: (group: number, action: number, before?: number) =>
    call<{ items: Message[]; more: boolean }>('GET', `/groups/${group}/actions/${action}/messages`, {
      query: { before },
    }),

  reports: (group: number) => call<GroupReport[]>('GET', `/groups/${group}/reports`),

  resolve: (group: number, report: number) => call<void>('POST', `/groups/${group}/reports/${report}/resolve`),
}

import type { Invite, Session, User } from '@/api/wire'

import { call, send, unreachable } from './api'

/** How long an export may take, which may hold many years, in milliseconds. */
const EXPORT_TIMEOUT_MS = 10 * 60_000

export type ProfileChanges = Partial<Pick<User, 'nickname' | 'avatar_path' | 'bio'>>

/** The REST calls about one's account that only its settings need; each rejects as those of `api` do. */
export const accountApi = {
  updateProfile: (body: ProfileChanges) => call<User>('PUT', '/users/me', { json: body }),

  changePassword: (old: string, replacement: string) =>
    call<void>('POST', '/users/me/password', { json: { old_password: old, new_password: replacement } }),

  uploadAvatar(file: Blob): Promise<{ url: string; filename: string }> {
    const form = new FormData()
    form.set('file', file)
    return call('POST', '/files/upload/avatar', { body: form })
  },

  sessions: () => call<Session[]>('GET', '/auth/sessions'),

  endSession: (id: number) => call<void>('DELETE', `/auth/sessions/${encodeURIComponent(id)}`),

  /** Get all data of the user, as a zip. */
  async exportData(): Promise<Blob> {
    const response = await send('GET', '/users/me/export', { timeoutMs: EXPORT_TIMEOUT_MS })
    return response.blob().catch((error: unknown) => {
      throw unreachable(error)
    })
  },

  createInvite: (body: { expires_in?: number; max_uses?: number }) => call<Invite>('POST', '/invites', { json: body }),

  deleteAccount: (password: string) => call<void>('DELETE', '/users/me', { json: { password } }),
}

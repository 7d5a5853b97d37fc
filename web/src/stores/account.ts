import { accountApi, type ProfileChanges } from '@/transport/account'

import { useAuthStore } from './auth'

/** What somebody changes about their own account. */
export const account = {
  async updateProfile(changes: ProfileChanges): Promise<void> {
    useAuthStore().setUser(await accountApi.updateProfile(changes))
  },

  /** Upload a picture and use it as the avatar. */
  async uploadAvatar(file: Blob): Promise<void> {
    const { url } = await accountApi.uploadAvatar(file)
    await account.updateProfile({ avatar_path: url })
  },

  /** Delete the account. The server ends the connection before it answers, which is expected here. */
  async delete(password: string): Promise<void> {
    await accountApi.deleteAccount(password)
    await useAuthStore().forget()
  },
}

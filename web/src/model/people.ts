import type { Brief } from '@/api/wire'

/** Whether somebody has deleted their account: no name that can be chosen begins like this. */
export function isDeleted(user: Brief): boolean {
  return user.username.startsWith('deleted:')
}

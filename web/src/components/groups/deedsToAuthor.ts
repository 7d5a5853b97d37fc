import { type Deed, deedsOn, governs } from '@/model/moderation'
import { groupsApi } from '@/transport/groups'

/** What somebody with the role `mine` may do to an author in a group; nothing if the author's role cannot be read. */
export async function deedsToAuthor(group: number, author: number, mine: string): Promise<readonly Deed[]> {
  if (!governs(mine)) return []
  // The members come by their ids: the first one after the id before is who wrote it, if they are there at all.
  const page = await groupsApi.members(group, { after: author - 1, limit: 1 }).catch(() => null)
  return page ? deedsOn(mine, page.members.find(({ user }) => user.id === author)?.role) : []
}

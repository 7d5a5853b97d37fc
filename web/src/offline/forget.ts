import { draftPrefix } from './drafts'
import { local } from './local'
import { wipeSnapshots } from './snapshots'
import { unsentPrefix } from './unsent'

/** Forget everything a user has left in this browser. */
export async function forgetEverything(me: number): Promise<void> {
  for (const prefix of [unsentPrefix(me), draftPrefix(me)]) for (const key of local.keys(prefix)) local.remove(key)
  await wipeSnapshots()
}

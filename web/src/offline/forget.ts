import { draftPrefixes } from './drafts'
import { emojiPrefix } from './emoji'
import { local } from './local'
import { wipeSnapshots } from './snapshots'
import { unsentPrefix } from './unsent'

/** Forget everything a user has left in this browser. */
export async function forgetEverything(me: number): Promise<void> {
  const prefixes = [unsentPrefix(me), ...Object.values(draftPrefixes(me)), emojiPrefix(me)]
  for (const prefix of prefixes) for (const key of local.keys(prefix)) local.remove(key)
  await wipeSnapshots()
}

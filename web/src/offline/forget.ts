import { draftKey, outboxKey } from './keys'
import { local } from './local'
import { wipeSnapshots } from './snapshots'

/** Forget everything a user has left in this browser. */
export async function forgetEverything(me: number): Promise<void> {
  for (const key of [...local.keys(outboxKey(me)), ...local.keys(draftKey(me))]) local.remove(key)
  await wipeSnapshots()
}

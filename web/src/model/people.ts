import type { Brief, Preview } from '@/api/wire'

/** The hues of the circles without a picture, and of names in groups, in degrees. */
const HUES = [25, 60, 95, 140, 185, 235, 290, 345] as const

/** The hue that somebody has everywhere. */
export function hueOf({ id }: Brief): number {
  return HUES[id % 8]!
}

/** Whether somebody has deleted their account: no name that can be chosen begins like this. */
export function isDeleted(user: Brief): boolean {
  return user.username.startsWith('deleted:')
}

type Named = Pick<Preview, 'id' | 'name' | 'avatar_path'>

const faces = new WeakMap<Named, Brief>()

/** A group as what shows a name and a picture takes it: the same object for the same group. */
export function faceOfGroup(group: Named): Brief {
  const { id, name, avatar_path } = group
  const face = faces.get(group) ?? { id, username: '', nickname: name, avatar_path, is_ai: false }
  faces.set(group, face)
  return face
}

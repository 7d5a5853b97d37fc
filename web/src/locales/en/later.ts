import { en } from '.'
import { auth } from './auth'
import { emoji } from './emoji'
import { finding } from './finding'
import { groups } from './groups'
import { invite } from './invite'
import { moderation } from './moderation'
import { privacy } from './privacy'
import { problems } from './problems'
import { profile } from './profile'
import { rare } from './rare'
import { report } from './report'
import { settings } from './settings'
import { signOut } from './signOut'
import { values } from './values'
import { welcome } from './welcome'

/** The English texts, with those that come with the pages and dialogs that need them. */
export const all = {
  ...en,
  chat: { ...en.chat, ...rare.chat },
  manners: { ...en.manners, ...rare.manners },
  people: { ...en.people, ...rare.people },
  shell: { ...en.shell, ...rare.shell, errors: { ...en.shell.errors, ...rare.errors } },
  conversations: { ...en.conversations, ...rare.conversations },
  auth,
  emoji,
  finding,
  groups,
  invite,
  moderation,
  privacy,
  problems,
  profile,
  report,
  settings,
  signOut,
  values,
  welcome,
}

/** All texts of a language: every language has the same keys as English. */
export type AllMessages = typeof all

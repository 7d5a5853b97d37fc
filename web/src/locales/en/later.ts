import { en } from '.'
import { auth } from './auth'
import { emoji } from './emoji'
import { finding } from './finding'
import { invite } from './invite'
import { privacy } from './privacy'
import { profile } from './profile'
import { report } from './report'
import { settings } from './settings'
import { signOut } from './signOut'
import { values } from './values'
import { welcome } from './welcome'

/** The English texts, with those that come with the pages and dialogs that need them. */
export const all = { ...en, auth, emoji, finding, invite, privacy, profile, report, settings, signOut, values, welcome }

/** All texts of a language: every language has the same keys as English. */
export type AllMessages = typeof all

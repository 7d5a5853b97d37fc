import type { AllMessages } from '../en/later'
import { auth } from './auth'
import { chat } from './chat'
import { conversations } from './conversations'
import { emoji } from './emoji'
import { finding } from './finding'
import { groups } from './groups'
import { invite } from './invite'
import { manners } from './manners'
import { moderation } from './moderation'
import { people } from './people'
import { privacy } from './privacy'
import { problems } from './problems'
import { profile } from './profile'
import { report } from './report'
import { settings } from './settings'
import { shell } from './shell'
import { signOut } from './signOut'
import { values } from './values'
import { welcome } from './welcome'

export const zh: AllMessages = {
  auth,
  chat,
  conversations,
  emoji,
  finding,
  groups,
  invite,
  manners,
  moderation,
  people,
  privacy,
  problems,
  profile,
  report,
  settings,
  shell,
  signOut,
  values,
  welcome,
}

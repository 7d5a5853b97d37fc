import { auth } from './auth'
import { chat } from './chat'
import { conversations } from './conversations'
import { invite } from './invite'
import { manners } from './manners'
import { people } from './people'
import { problems } from './problems'
import { settings } from './settings'
import { shell } from './shell'
import { welcome } from './welcome'

export const en = { shell, auth, settings, conversations, chat, people, problems, manners, invite, welcome }

/** The texts of a language: every one has the same keys as English. */
export type Messages = typeof en

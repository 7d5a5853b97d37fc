import type { Messages } from '../en'
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

export const zh: Messages = { shell, auth, settings, conversations, chat, people, problems, manners, invite, welcome }

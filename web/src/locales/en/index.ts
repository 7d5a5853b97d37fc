import { chat } from './chat'
import { conversations } from './conversations'
import { manners } from './manners'
import { people } from './people'
import { shell } from './shell'

/** The English texts that every visit loads. */
export const en = { shell, conversations, chat, people, manners }

/** The texts of a language that the first page may show: every language has the same keys as English. */
export type Messages = typeof en

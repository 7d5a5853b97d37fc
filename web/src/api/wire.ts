/** What the server says, field by field: the `chatd.v2` forms of docs/protocol.md and /openapi.json. */

/** A user in few words. */
export interface Brief {
  id: number
  username: string
  nickname: string
  avatar_path: string | null
  is_ai: boolean
}

export interface User extends Brief {
  bio: string | null
  created_at: string
}

/** Somebody whom the user has blocked. */
export interface Block {
  user: Brief
  created_at: string
}

export interface Session {
  id: string
  device: string
  address: string
  created_at: string
  last_seen_at: string
  is_current: boolean
}

export interface Reaction {
  emoji: string
  user_ids: number[]
}

export interface Message {
  id: number
  sender_id: number
  receiver_id: number | null
  group_id: number | null
  content: string
  is_read: boolean
  created_at: string
  sender: Brief
  client_id: string | null
  edited_at: string | null
  deleted_at: string | null
  reply_to: number | null
  reactions: Reaction[]
}

/** A group in few words. */
export interface Group {
  id: number
  name: string
}

/** A conversation as its member sees it: with a user, or in a group. */
export interface Conversation {
  user?: Brief
  group?: Group
  last_message: Message | null
  unread_count: number
  read_up_to: number
  others_read_up_to: number
}

export interface MessagePage {
  items: Message[]
  more_before: boolean
  more_after: boolean
}

export interface DeletedMessage {
  id: number
  sender_id: number
  receiver_id: number | null
  group_id: number | null
  deleted_at: string
}

/** A place in the change log. */
export interface Position {
  epoch: string
  cursor: number
}

/** What the server tells without being asked, by type. */
export interface EventData {
  new_message: Message
  message_edited: Message
  message_deleted: DeletedMessage
  reaction: { message_id: number; user_id: number; emoji: string; on: boolean }
  read: { reader_id: number; user_id: number | null; group_id: number | null; up_to: number }
  typing: { user_id: number; group_id: number | null }
  presence: { user_id: number; online: boolean; last_seen_at: string | null }
  presence_list: { online: number[] }
  profile: Brief
  membership: { group_id: number; user_id: number; role: string | null }
}

export type EventType = keyof EventData
export type ServerEvent = { [T in EventType]: { type: T; seq?: number; data: EventData[T] } }[EventType]

/** Whom a command is about: a user, or a group. */
export type Addressee = { user: number } | { group: number }

/** What a client asks over the socket: the command's data and the data of its answer. */
export interface Commands {
  send: {
    data: Addressee & { content: string; client_id: string; reply_to?: number | null }
    answer: { message: Message; duplicate: boolean }
  }
  edit: { data: { message_id: number; content: string }; answer: { message: Message } }
  delete: { data: { message_id: number }; answer: { message: Message } }
  react: { data: { message_id: number; emoji: string }; answer: Record<string, never> }
  unreact: { data: { message_id: number; emoji: string }; answer: Record<string, never> }
  read: { data: Addressee & { up_to: number }; answer: { up_to: number } }
  typing: { data: Addressee; answer: Record<string, never> }
}

export type CommandType = keyof Commands

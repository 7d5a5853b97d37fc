/**
 * The forms of the wire. `nox -s generate` makes this file from chatd/schemas: edit those instead.
 * Longer than 300 lines: it is all that the two say to each other.
 */

/** A user, in brief. */
export interface Brief {
  id: number
  username: string
  nickname: string
  avatar_path: string | null
  is_ai: boolean
}

/** A user. */
export interface User extends Brief {
  bio: string | null
  created_at: string
}

/** The caller's own account. */
export interface Me extends User {
  role: string
}

/** Somebody the caller blocks. */
export interface Block {
  user: Brief
  created_at: string
}

/** An invitation, whose code is not shown again. */
export interface Invite {
  code: string
  path: string
  expires_at: string | null
}

/** What the community is called, who may register, and what an administrator may choose of it. */
export interface Community {
  name: string
  registration: string
  picture: string
  fixed: { name?: string; registration?: string; picture?: string }
  chosen: string[]
}

/** An account, as administrators see it. */
export interface Account extends Brief {
  role: string
  created_at: string
  last_seen_at: string | null
  disabled_at: string | null
}

/** One login. */
export interface Session {
  id: number
  device: string
  address: string
  created_at: string
  last_seen_at: string
  is_current: boolean
}

/** An emoji on a message, how many chose it, and who: of many 50, the caller among them if they did. */
export interface Reaction {
  emoji: string
  count: number
  user_ids: number[]
}

/** A message in the form of chatd.v2. */
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
  mentions?: number[]
  mentions_all?: boolean
  removed?: boolean
  thread?: number | null
  replies?: number
  last_reply?: number | null
}

/** What somebody has to be at least: to write, to let others in, and to pin messages. */
export interface Rules {
  post: string
  invite: string
  pin: string
}

/** A group. Newcomers see its history from `history_since` on, or, where that is null, from their joining. */
export interface Group {
  id: number
  name: string
  description: string | null
  avatar_path: string | null
  public: boolean
  approval: boolean
  history: string
  history_since: string | null
  rules: Rules
  slow_seconds: number
  member_count: number
  large: boolean
  created_at: string
}

/** What somebody sees of a group before they join. */
export interface Preview {
  id: number
  name: string
  description: string | null
  avatar_path: string | null
  approval: boolean
  member_count: number
}

/** What one is in a group; messages with ids below `visible_from` are not there. */
export interface MeInGroup {
  role: string
  joined_at: string
  visible_from: number
  notify: string
  muted_until: string | null
  silenced_until: string | null
}

/** What an action has changed of a member or of a group, before it or after; what it left alone is left out. */
export interface ActionValues {
  role?: string
  name?: string
  description?: string | null
  avatar_path?: string | null
  public?: boolean
  history_since?: string | null
  post?: string
  invite?: string
  pin?: string
  slow_seconds?: number
  approval?: boolean
}

/** One use of power in a group. It removes the user's messages from `from_id` to `to_id`. */
export interface Action {
  id: number
  group_id: number
  kind: string
  actor: Brief
  user: Brief | null
  reason: string | null
  from_id: number | null
  to_id: number | null
  until: string | null
  before: ActionValues | null
  after: ActionValues | null
  created_at: string
  undone_at: string | null
  undone_by: Brief | null
  ended_at: string | null
  undoable: boolean
}

/** A group and what one is in it, or a preview for somebody outside it. */
export interface SeenGroup {
  group?: Group
  me?: MeInGroup
  preview?: Preview
}

/** A member of a group; to admins also by which code they came, by its number, and until when they are silenced. */
export interface Member {
  user: Brief
  role: string
  joined_at: string
  via?: number | null
  silenced_until?: string | null
}

/** A code, which is not shown again, and the page of the web client that takes it. */
export interface NewGroupInvite {
  id: number
  expires_at: string | null
  max_uses: number | null
  uses: number
  code: string
  path: string
}

/** A code, and whose it is. */
export interface GroupInvite {
  from: Brief
  id: number
  expires_at: string | null
  max_uses: number | null
  uses: number
  created_at: string
}

/** Where a code leads, and whose it is. */
export interface WayIn {
  from: Brief
  preview: Preview
}

/** An invitation to a group. */
export interface Invitation {
  from: Brief
  group: Preview
  created_at: string
}

/** Somebody who asks to join a group. */
export interface JoinRequest {
  user: Brief
  note: string | null
  created_at: string
}

/** A message that somebody in the group has reported, as they saw it; nobody is told who that was. */
export interface GroupReport {
  id: number
  sender: Brief
  message_id: number
  reason: string
  content: string
  created_at: string
}

/** A conversation with a user or in a group, as the caller sees it. */
export interface Conversation {
  user?: Brief
  group?: Group
  last_message: Message | null
  unread_count: number
  read_up_to: number
  others_read_up_to: number
  mention_count?: number
  me?: MeInGroup
  activity?: number
}

/** Consecutive messages of a conversation, oldest first. */
export interface MessagePage {
  items: Message[]
  more_before: boolean
  more_after: boolean
}

/** A deleted message, which has lost its content. */
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

/** The data of events, by type. */
export interface EventData {
  new_message: Message
  message_edited: Message
  message_deleted: DeletedMessage
  reaction: { message_id: number; user_id: number; emoji: string; on: boolean }
  read: { reader_id: number; user_id: number | null; group_id: number | null; up_to: number }
  profile: Brief
  membership: { group_id: number; user_id: number; role: string | null; how: string; user: Brief }
  group: Group
  group_ended: { group_id: number }
  invitation: { from: Brief; group: Preview; on: boolean }
  join_request: { group_id: number; user: Brief; note: string | null; on: boolean }
  action: Action
  moderated: { group_id: number; kind: string; reason: string | null; until: string | null; undone: boolean }
  messages_removed: { group_id: number; user_id: number; from_id: number; to_id: number; action_id: number }
  messages_restored: { group_id: number; user_id: number; from_id: number; to_id: number; action_id: number }
  pin: { group_id: number; message_id: number; user_id: number; on: boolean }
  notify: { user_id: number | null; group_id: number | null; notify: string; muted_until: string | null }
  typing: { user_id: number; group_id: number | null }
  presence: { user_id: number; online: boolean; last_seen_at: string }
  presence_list: { online: number[] }
}

export type EventType = keyof EventData
export type ServerEvent = { [T in EventType]: { type: T; seq?: number; data: EventData[T] } }[EventType]

/** The data of frames about the connection itself, by type. */
export interface ControlData {
  hello: {
    protocol: number
    epoch: string
    cursor: number
    heartbeat_ms: number
    max_frame_bytes: number
    user: Brief
    session_id: number
  }
  pong: { cursor: number | null }
  restarting: { retry_after_ms: number }
}

/** Whom a command is about: a user, or a group. */
export type Addressee = { user: number } | { group: number }

/** The data of commands and of their answers, by type. */
export interface Commands {
  sync: {
    data: { epoch?: string | null; since?: number | null; limit?: number | null }
    answer: { cursor: number; more: boolean }
  }
  send: {
    data: Addressee & { content: string; client_id?: string | null; reply_to?: number | null }
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

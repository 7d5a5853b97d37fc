-- Times are UTC in milliseconds since 1970. Every table is STRICT.

PRAGMA application_id = 1667785076; -- "chat" in ASCII

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT    NOT NULL,
    username_key  TEXT    NOT NULL UNIQUE,       -- the username after NFKC and case folding
    nickname      TEXT    NOT NULL,
    search_key    TEXT    NOT NULL,              -- username and nickname, folded in the same way
    avatar_path   TEXT,
    bio           TEXT,
    is_ai         INTEGER NOT NULL DEFAULT 0 CHECK (is_ai IN (0, 1)),
    role          TEXT    NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'admin')),
    password_hash TEXT,                          -- null: this account cannot sign in with a password
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER
) STRICT;

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device       TEXT    NOT NULL,
    address      TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE invites (
    code_hash  BLOB    PRIMARY KEY,              -- SHA-256: a stolen database gives no invitations away
    created_at INTEGER NOT NULL,
    used_at    INTEGER,
    used_by    INTEGER REFERENCES users (id) ON DELETE SET NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE avatars (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    filename   TEXT    NOT NULL UNIQUE,
    owner_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    content    BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX avatars_by_owner ON avatars (owner_id);

-- A private chat is a conversation of exactly two, found by its pair; a group has a name instead.
CREATE TABLE conversations (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL CHECK (kind IN ('private', 'group')),
    low_user_id     INTEGER REFERENCES users (id),
    high_user_id    INTEGER REFERENCES users (id),
    name            TEXT,
    created_at      INTEGER NOT NULL,
    message_count   INTEGER NOT NULL DEFAULT 0,
    last_message_id INTEGER REFERENCES messages (id) DEFERRABLE INITIALLY DEFERRED,
    CHECK (
        (kind = 'private' AND low_user_id < high_user_id AND name IS NULL)
        OR (kind = 'group' AND low_user_id IS NULL AND high_user_id IS NULL AND name IS NOT NULL)
    )
) STRICT;

CREATE UNIQUE INDEX conversations_by_pair ON conversations (low_user_id, high_user_id) WHERE kind = 'private';

-- One stay of one user in one conversation: the change log from joined_seq to left_seq is theirs to see, both
-- included, as these are the joining and the leaving.
--
-- Unread messages are counted without reading any: everything said, less what the member said
-- (sent_count), less what the others said at or below the read marker (read_count).
CREATE TABLE memberships (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    role            TEXT    NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'admin', 'owner')),
    joined_seq      INTEGER NOT NULL DEFAULT 0,
    left_seq        INTEGER,
    read_up_to      INTEGER NOT NULL DEFAULT 0,  -- the read marker: a message id
    sent_count      INTEGER NOT NULL DEFAULT 0,
    read_count      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, user_id, joined_seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX memberships_current ON memberships (user_id, conversation_id) WHERE left_seq IS NULL;
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE messages (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    sender_id       INTEGER NOT NULL REFERENCES users (id),
    content         TEXT    NOT NULL,
    client_id       TEXT,
    first_digest    BLOB,                        -- of the content as first sent, once it has been edited
    reply_to_id     INTEGER REFERENCES messages (id),
    created_at      INTEGER NOT NULL,
    edited_at       INTEGER,
    deleted_at      INTEGER
) STRICT;

CREATE INDEX messages_by_conversation ON messages (conversation_id, id, sender_id);
CREATE UNIQUE INDEX messages_by_client_id ON messages (sender_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_by_reply ON messages (reply_to_id) WHERE reply_to_id IS NOT NULL;

CREATE TABLE reactions (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    emoji      TEXT    NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (message_id, emoji, user_id)
) STRICT, WITHOUT ROWID;

-- Every durable change is one row, written in the transaction that makes the change.
-- AUTOINCREMENT: a seq is never given twice, not even after the log was pruned.
CREATE TABLE change_log (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL,
    conversation_id INTEGER REFERENCES conversations (id), -- whom it concerns: the members, or
    user_id         INTEGER REFERENCES users (id),         -- without a conversation, those who know this user
    message_id      INTEGER REFERENCES messages (id),
    data            TEXT,                                  -- JSON: what the rows named above do not say
    created_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX change_log_by_conversation ON change_log (conversation_id, seq) WHERE conversation_id IS NOT NULL;
CREATE INDEX change_log_by_user ON change_log (user_id, seq) WHERE conversation_id IS NULL;

-- The log's own state, one row: its name, and the seq up to which it has been pruned.
CREATE TABLE change_log_state (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    epoch      TEXT    NOT NULL,
    pruned_seq INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO change_log_state (id, epoch) VALUES (1, lower(hex(randomblob(8))));

-- Written by the health check, so that "messages can be stored" is tried and not guessed.
CREATE TABLE health (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    checked_at INTEGER NOT NULL
) STRICT;

INSERT INTO health (id, checked_at) VALUES (1, 0);

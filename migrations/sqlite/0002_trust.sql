-- Blocking, reports and deleted accounts.

-- A deleted account's row stays, because messages and conversations point to it; nothing in it says who it was.
ALTER TABLE users ADD COLUMN deleted_at INTEGER;
ALTER TABLE users ADD COLUMN erased_at INTEGER;  -- when the last of what they wrote was gone, too

CREATE INDEX users_to_erase ON users (id) WHERE deleted_at IS NOT NULL AND erased_at IS NULL;

CREATE TABLE blocks (
    blocker_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id),
    CHECK (blocker_id <> blocked_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX blocks_by_blocked ON blocks (blocked_id);

-- What somebody does while they are blocked is hidden from the blocker, for ever: hidden_from names the blocker.
-- Only in private conversations is anything hidden; their counts say how many messages, from which of the two.
ALTER TABLE messages ADD COLUMN hidden_from INTEGER REFERENCES users (id);
ALTER TABLE reactions ADD COLUMN hidden_from INTEGER REFERENCES users (id);
ALTER TABLE change_log ADD COLUMN hidden_from INTEGER REFERENCES users (id);
ALTER TABLE conversations ADD COLUMN hidden_from_low INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN hidden_from_high INTEGER NOT NULL DEFAULT 0;

DROP INDEX messages_by_conversation;
CREATE INDEX messages_by_conversation ON messages (conversation_id, id, sender_id, hidden_from);

-- A message that the blocked edit: the blocker goes on seeing it as it was.
CREATE TABLE shown_versions (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    content    TEXT    NOT NULL,
    edited_at  INTEGER,
    PRIMARY KEY (user_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX shown_versions_by_message ON shown_versions (message_id);

CREATE INDEX reactions_by_user ON reactions (user_id);

CREATE TABLE reports (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    reporter_id INTEGER NOT NULL REFERENCES users (id),
    message_id  INTEGER NOT NULL REFERENCES messages (id),
    reason      TEXT    NOT NULL,
    content     TEXT    NOT NULL,            -- as the reporter saw it; empty once the report is resolved
    created_at  INTEGER NOT NULL,
    resolved_at INTEGER
) STRICT;

CREATE INDEX reports_by_reporter ON reports (reporter_id);
CREATE INDEX reports_open ON reports (id) WHERE resolved_at IS NULL;

-- Who is named in a message to a group, what disturbs a member, and until when nothing does.

-- One row a person named or answered; silent where they blocked the sender then: it is shown, and counts nowhere.
CREATE TABLE mentions (
    message_id      INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    silent          INTEGER NOT NULL DEFAULT 0 CHECK (silent IN (0, 1)),
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX mentions_by_user ON mentions (user_id, message_id, conversation_id) WHERE silent = 0;
CREATE INDEX mentions_unread ON mentions (user_id, conversation_id, message_id) WHERE silent = 0;

ALTER TABLE messages ADD COLUMN mentions_all INTEGER NOT NULL DEFAULT 0 CHECK (mentions_all IN (0, 1));

CREATE INDEX messages_to_all ON messages (conversation_id, id, sender_id) WHERE mentions_all = 1;

ALTER TABLE memberships
ADD COLUMN notify TEXT NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'named', 'none'));
ALTER TABLE memberships ADD COLUMN muted_until INTEGER;

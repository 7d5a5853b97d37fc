-- Mentions and levels: see migrations/sqlite/0009_mentions.sql.

CREATE TABLE mentions (
    message_id      BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id         BIGINT NOT NULL REFERENCES users (id),
    conversation_id BIGINT NOT NULL REFERENCES conversations (id),
    silent          BIGINT NOT NULL DEFAULT 0 CHECK (silent IN (0, 1)),
    PRIMARY KEY (message_id, user_id)
);

CREATE INDEX mentions_by_user ON mentions (user_id, message_id, conversation_id) WHERE silent = 0;
CREATE INDEX mentions_unread ON mentions (user_id, conversation_id, message_id) WHERE silent = 0;

ALTER TABLE messages ADD COLUMN mentions_all BIGINT NOT NULL DEFAULT 0 CHECK (mentions_all IN (0, 1));

CREATE INDEX messages_to_all ON messages (conversation_id, id, sender_id) WHERE mentions_all = 1;

ALTER TABLE memberships
    ADD COLUMN notify TEXT COLLATE "C" NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'named', 'none')),
    ADD COLUMN muted_until BIGINT;

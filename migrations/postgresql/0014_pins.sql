-- Pinned messages: see migrations/sqlite/0014_pins.sql.
ALTER TABLE conversations ADD COLUMN pin_rule TEXT COLLATE "C" NOT NULL DEFAULT 'member' CHECK (pin_rule IN ('member', 'admin'));

CREATE TABLE pins (
    message_id      BIGINT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE
);

CREATE INDEX pins_by_conversation ON pins (conversation_id, message_id);

-- Messages that are pinned in their groups, also those that are removed until they are restored or erased.
ALTER TABLE conversations ADD COLUMN pin_rule TEXT NOT NULL DEFAULT 'member' CHECK (pin_rule IN ('member', 'admin'));

CREATE TABLE pins (
    message_id      INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX pins_by_conversation ON pins (conversation_id, message_id);

-- What its sender has taken back is neither unread nor the last thing said. What is unread is a subtraction of counters
-- as before, less the messages in this index above the read marker: few, as most messages stay.

CREATE INDEX messages_taken_back ON messages (conversation_id, id, sender_id, hidden_from, deleted_at)
WHERE deleted_at IS NOT NULL;

-- The newest message that was not taken back, null where there is none.
ALTER TABLE conversations ADD COLUMN last_kept_id INTEGER;

UPDATE conversations SET last_kept_id = (
    SELECT m.id FROM messages AS m
    WHERE m.conversation_id = conversations.id AND m.deleted_at IS NULL
    ORDER BY m.id DESC LIMIT 1
);

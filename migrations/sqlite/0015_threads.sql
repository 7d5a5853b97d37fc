-- Threads: thread_id is the message that a group's answer goes back to, over other answers; replies is how many messages
-- have it as that, and last_reply_id the newest of them.
ALTER TABLE messages ADD COLUMN thread_id INTEGER;
ALTER TABLE messages ADD COLUMN replies INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN last_reply_id INTEGER;

CREATE INDEX messages_by_thread ON messages (thread_id, id) WHERE thread_id IS NOT NULL;

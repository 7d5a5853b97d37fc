-- Threads: see migrations/sqlite/0015_threads.sql.
ALTER TABLE messages ADD COLUMN thread_id BIGINT;
ALTER TABLE messages ADD COLUMN replies BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN last_reply_id BIGINT;

CREATE INDEX messages_by_thread ON messages (thread_id, id) WHERE thread_id IS NOT NULL;

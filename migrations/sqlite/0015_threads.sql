-- Threads: thread_id is the message that a group's answer goes back to, over other answers; replies is how many messages
-- have it as that, and last_reply_id the newest of them.
ALTER TABLE messages ADD COLUMN thread_id INTEGER;
ALTER TABLE messages ADD COLUMN replies INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN last_reply_id INTEGER;

CREATE INDEX messages_by_thread ON messages (thread_id, id) WHERE thread_id IS NOT NULL;

-- The answers there are already: each goes back to the message that answers none.
WITH RECURSIVE answers (id, root_id) AS (
    SELECT m.id, m.reply_to_id FROM messages AS m
    JOIN messages AS root ON root.id = m.reply_to_id
    JOIN conversations AS c ON c.id = m.conversation_id
    WHERE c.kind = 'group' AND root.reply_to_id IS NULL
    UNION ALL
    SELECT m.id, answers.root_id FROM answers JOIN messages AS m ON m.reply_to_id = answers.id
)
UPDATE messages SET thread_id = answers.root_id FROM answers WHERE answers.id = messages.id;

UPDATE messages SET replies = found.replies, last_reply_id = found.last_id
FROM (
    SELECT thread_id, count(*) AS replies, max(id) AS last_id FROM messages WHERE thread_id IS NOT NULL GROUP BY thread_id
) AS found
WHERE found.thread_id = messages.id;

-- A message's own row is its row in the change log: its id is its seq, and the log's table has all other changes.
-- One of the two is written for each, and neither needs AUTOINCREMENT, as a new seq is above every row's and above
-- what has been pruned.
--
-- The messages there are keep their ids, which are not their seqs. So the log is pruned up to here: who was not there
-- for its last change loads everything again, once.

UPDATE change_log_state SET pruned_seq = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'change_log'), 0);

DROP TABLE change_log;

CREATE TABLE change_log (
    seq             INTEGER PRIMARY KEY,
    kind            TEXT    NOT NULL,
    conversation_id INTEGER REFERENCES conversations (id), -- whom it concerns: the members, or
    user_id         INTEGER REFERENCES users (id),         -- without a conversation, those who know this user
    message_id      INTEGER REFERENCES messages (id),
    data            TEXT,                                  -- JSON: what the rows named above do not say
    created_at      INTEGER NOT NULL,
    hidden_from     INTEGER REFERENCES users (id)
) STRICT;

CREATE INDEX change_log_by_conversation ON change_log (conversation_id, seq) WHERE conversation_id IS NOT NULL;
CREATE INDEX change_log_by_user ON change_log (user_id, seq) WHERE conversation_id IS NULL;

CREATE TABLE numbered_messages (
    id              INTEGER PRIMARY KEY,         -- the seq
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    sender_id       INTEGER NOT NULL REFERENCES users (id),
    content         TEXT    NOT NULL,
    client_id       TEXT,
    first_digest    BLOB,                        -- of the content as first sent, once it has been edited
    reply_to_id     INTEGER REFERENCES messages (id),
    created_at      INTEGER NOT NULL,
    edited_at       INTEGER,
    deleted_at      INTEGER,
    hidden_from     INTEGER REFERENCES users (id)
) STRICT;

INSERT INTO numbered_messages (id, conversation_id, sender_id, content, client_id, first_digest, reply_to_id,
                               created_at, edited_at, deleted_at, hidden_from)
SELECT id, conversation_id, sender_id, content, client_id, first_digest, reply_to_id,
       created_at, edited_at, deleted_at, hidden_from
FROM messages;

DROP TABLE messages;
ALTER TABLE numbered_messages RENAME TO messages;

CREATE INDEX messages_by_conversation ON messages (conversation_id, id, sender_id, hidden_from);
CREATE UNIQUE INDEX messages_by_client_id ON messages (sender_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_by_reply ON messages (reply_to_id) WHERE reply_to_id IS NOT NULL;

-- With approval, whoever comes by a code, or into a public group, asks first; via is the code they asked by.
ALTER TABLE conversations ADD COLUMN approval INTEGER NOT NULL DEFAULT 0 CHECK (approval IN (0, 1));

CREATE TABLE join_requests (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    note            TEXT,
    via             INTEGER REFERENCES group_invites (id),
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX join_requests_by_user ON join_requests (user_id, created_at);
CREATE INDEX join_requests_by_group ON join_requests (conversation_id, created_at, user_id);

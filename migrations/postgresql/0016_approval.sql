-- Requests to join: see migrations/sqlite/0016_approval.sql.
ALTER TABLE conversations ADD COLUMN approval BIGINT NOT NULL DEFAULT 0 CHECK (approval IN (0, 1));

CREATE TABLE join_requests (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         BIGINT NOT NULL REFERENCES users (id),
    note            TEXT COLLATE "C",
    via             BIGINT REFERENCES group_invites (id),
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);

CREATE INDEX join_requests_by_user ON join_requests (user_id, created_at);
CREATE INDEX join_requests_by_group ON join_requests (conversation_id, created_at, user_id);

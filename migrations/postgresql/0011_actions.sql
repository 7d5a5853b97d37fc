-- Actions and what they remove: see migrations/sqlite/0011_actions.sql.

CREATE TABLE actions (
    id              BIGINT PRIMARY KEY,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    kind            TEXT COLLATE "C" NOT NULL,
    actor_id        BIGINT NOT NULL REFERENCES users (id),
    user_id         BIGINT REFERENCES users (id),
    reason          TEXT COLLATE "C",
    until           BIGINT,
    from_id         BIGINT,
    to_id           BIGINT,
    stay_seq        BIGINT,
    before          TEXT COLLATE "C",
    after           TEXT COLLATE "C",
    created_at      BIGINT NOT NULL,
    undone_at       BIGINT,
    undone_by       BIGINT REFERENCES users (id),
    ended_at        BIGINT,
    erased_at       BIGINT,
    todo            TEXT COLLATE "C" CHECK (todo IN ('remove', 'restore', 'undo')),
    next_id         BIGINT
);

CREATE INDEX actions_by_conversation ON actions (conversation_id, id);
CREATE INDEX actions_standing ON actions (conversation_id, user_id, id) WHERE undone_at IS NULL;
CREATE INDEX actions_silences ON actions (conversation_id, user_id, until)
    WHERE kind = 'silence' AND undone_at IS NULL AND ended_at IS NULL;
CREATE INDEX actions_limited ON actions (until) WHERE until IS NOT NULL AND undone_at IS NULL AND ended_at IS NULL;
CREATE INDEX actions_to_do ON actions (id) WHERE todo IS NOT NULL;
CREATE INDEX actions_to_erase ON actions (created_at)
    WHERE from_id IS NOT NULL AND undone_at IS NULL AND erased_at IS NULL;

ALTER TABLE messages ADD COLUMN removed_by BIGINT;

ALTER TABLE mentions ADD COLUMN removed BIGINT NOT NULL DEFAULT 0 CHECK (removed IN (0, 1));

DROP INDEX mentions_by_user;
DROP INDEX mentions_unread;
CREATE INDEX mentions_by_user ON mentions (user_id, message_id, conversation_id) WHERE silent = 0 AND removed = 0;
CREATE INDEX mentions_unread ON mentions (user_id, conversation_id, message_id) WHERE silent = 0 AND removed = 0;

DROP INDEX messages_to_all;
CREATE INDEX messages_to_all ON messages (conversation_id, id, sender_id) WHERE mentions_all = 1 AND deleted_at IS NULL;

ALTER TABLE change_log ADD COLUMN admins_only BIGINT NOT NULL DEFAULT 0 CHECK (admins_only IN (0, 1));

CREATE TRIGGER actions_changed AFTER INSERT OR UPDATE OF undone_at, ended_at ON actions
FOR EACH STATEMENT EXECUTE FUNCTION count_members();

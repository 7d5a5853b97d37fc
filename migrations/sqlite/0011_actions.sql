-- What those who may have done to members of a group, and what of it was undone.

-- An action's id is the seq of its row in the change log. from_id and to_id bound the user's messages that it removes, all
-- of them. stay_seq is where the stay ended that it put an end to. todo is what is still to be done with the messages, from
-- next_id on, or that the action is to be undone, for undone_by.
CREATE TABLE actions (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    kind            TEXT    NOT NULL,
    actor_id        INTEGER NOT NULL REFERENCES users (id),
    user_id         INTEGER REFERENCES users (id),
    reason          TEXT,
    until           INTEGER,
    from_id         INTEGER,
    to_id           INTEGER,
    stay_seq        INTEGER,
    before          TEXT,                        -- JSON, as is after
    after           TEXT,
    created_at      INTEGER NOT NULL,
    undone_at       INTEGER,
    undone_by       INTEGER REFERENCES users (id),
    ended_at        INTEGER,
    erased_at       INTEGER,
    todo            TEXT    CHECK (todo IN ('remove', 'restore', 'undo')),
    next_id         INTEGER
) STRICT;

CREATE INDEX actions_by_conversation ON actions (conversation_id, id);
CREATE INDEX actions_standing ON actions (conversation_id, user_id, id) WHERE undone_at IS NULL;
CREATE INDEX actions_silences ON actions (conversation_id, user_id, until)
WHERE kind = 'silence' AND undone_at IS NULL AND ended_at IS NULL;
CREATE INDEX actions_limited ON actions (until) WHERE until IS NOT NULL AND undone_at IS NULL AND ended_at IS NULL;
CREATE INDEX actions_to_do ON actions (id) WHERE todo IS NOT NULL;
CREATE INDEX actions_to_erase ON actions (created_at)
WHERE from_id IS NOT NULL AND undone_at IS NULL AND erased_at IS NULL;

-- The action that removed the message, which keeps its content until that is erased; deleted_at is set as well.
ALTER TABLE messages ADD COLUMN removed_by INTEGER;

-- A removed message names nobody, until it is restored.
ALTER TABLE mentions ADD COLUMN removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1));

DROP INDEX mentions_by_user;
DROP INDEX mentions_unread;
CREATE INDEX mentions_by_user ON mentions (user_id, message_id, conversation_id) WHERE silent = 0 AND removed = 0;
CREATE INDEX mentions_unread ON mentions (user_id, conversation_id, message_id) WHERE silent = 0 AND removed = 0;

DROP INDEX messages_to_all;
CREATE INDEX messages_to_all ON messages (conversation_id, id, sender_id) WHERE mentions_all = 1 AND deleted_at IS NULL;

-- Whether the row is for a group's admins and the user it names, and for nobody else.
ALTER TABLE change_log ADD COLUMN admins_only INTEGER NOT NULL DEFAULT 0 CHECK (admins_only IN (0, 1));

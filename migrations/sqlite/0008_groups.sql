-- Groups: what they are called, who may what, and what each member sees.

-- history_from is the seq from which on newcomers see the history, null where they see it from their joining; made_as is
-- the client_id of its making. An ended group has nobody in it; its ended_seq is where all who were in it to the end left.
ALTER TABLE conversations ADD COLUMN description TEXT;
ALTER TABLE conversations ADD COLUMN avatar_path TEXT;
ALTER TABLE conversations ADD COLUMN is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1));
ALTER TABLE conversations ADD COLUMN history_from INTEGER;
ALTER TABLE conversations ADD COLUMN history_since INTEGER;
ALTER TABLE conversations ADD COLUMN post_rule TEXT NOT NULL DEFAULT 'member' CHECK (post_rule IN ('member', 'admin'));
ALTER TABLE conversations
ADD COLUMN invite_rule TEXT NOT NULL DEFAULT 'member' CHECK (invite_rule IN ('member', 'admin'));
ALTER TABLE conversations ADD COLUMN member_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN made_by INTEGER REFERENCES users (id);
ALTER TABLE conversations ADD COLUMN made_as TEXT;
ALTER TABLE conversations ADD COLUMN ended_at INTEGER;
ALTER TABLE conversations ADD COLUMN ended_seq INTEGER;
ALTER TABLE conversations ADD COLUMN erased_at INTEGER;

CREATE INDEX conversations_by_maker ON conversations (made_by, created_at) WHERE made_by IS NOT NULL;
CREATE UNIQUE INDEX conversations_made_once ON conversations (made_by, made_as) WHERE made_as IS NOT NULL;
CREATE INDEX conversations_to_erase ON conversations (ended_at) WHERE ended_at IS NOT NULL AND erased_at IS NULL;

-- A group's codes: whoever has one may join. made_seq is the head of the log when it was made.
CREATE TABLE group_invites (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    code_hash       BLOB    NOT NULL UNIQUE,     -- SHA-256
    made_by         INTEGER NOT NULL REFERENCES users (id),
    made_seq        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER,
    max_uses        INTEGER,
    revoked_at      INTEGER
) STRICT;

CREATE INDEX group_invites_by_conversation ON group_invites (conversation_id);

-- Who has come in by a code: each person counts once.
CREATE TABLE group_invite_uses (
    invite_id INTEGER NOT NULL REFERENCES group_invites (id) ON DELETE CASCADE,
    user_id   INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (invite_id, user_id)
) STRICT, WITHOUT ROWID;

-- Who is invited by name.
CREATE TABLE invitations (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    from_id         INTEGER NOT NULL REFERENCES users (id),
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX invitations_by_user ON invitations (user_id, created_at);

-- Messages with a lower id than visible_from are not there for this member; via is the code by which they came, and
-- left_name what the group was called when they left, as what it is called afterwards is nothing for them.
ALTER TABLE memberships ADD COLUMN visible_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE memberships ADD COLUMN joined_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE memberships ADD COLUMN via INTEGER REFERENCES group_invites (id);
ALTER TABLE memberships ADD COLUMN left_name TEXT;

CREATE UNIQUE INDEX memberships_owner ON memberships (conversation_id) WHERE role = 'owner' AND left_seq IS NULL;

-- A row for one user alone has no conversation and no user_id: it never lies among the rows of a group.
ALTER TABLE change_log ADD COLUMN only_for INTEGER REFERENCES users (id);

CREATE INDEX change_log_personal ON change_log (only_for, seq) WHERE only_for IS NOT NULL;

-- The seq of the newest edit: who had left by then does not see it.
ALTER TABLE messages ADD COLUMN edited_seq INTEGER;

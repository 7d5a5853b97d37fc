-- Public groups, found by their names; search_key is the name as searches compare it.
ALTER TABLE conversations ADD COLUMN search_key TEXT COLLATE "C";

UPDATE conversations SET search_key = lower(name) WHERE kind = 'group';

CREATE INDEX conversations_public ON conversations (member_count, id) WHERE is_public = 1 AND ended_at IS NULL;

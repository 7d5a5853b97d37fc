-- An invitation may end, and may be good for several accounts. When it was used last and by whom stays in used_at and
-- used_by.
ALTER TABLE invites ADD COLUMN expires_at INTEGER;
ALTER TABLE invites ADD COLUMN uses_left INTEGER NOT NULL DEFAULT 1;

UPDATE invites SET uses_left = 0 WHERE used_at IS NOT NULL;

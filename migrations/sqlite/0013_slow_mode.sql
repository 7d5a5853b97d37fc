-- Slow mode: a member who is not an admin sends once in slow_seconds; 0 is no limit. last_sent_at is when they sent last,
-- while it was slow.
ALTER TABLE conversations ADD COLUMN slow_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE memberships ADD COLUMN last_sent_at INTEGER;

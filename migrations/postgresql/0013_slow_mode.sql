-- Slow mode: see migrations/sqlite/0013_slow_mode.sql.
ALTER TABLE conversations ADD COLUMN slow_seconds BIGINT NOT NULL DEFAULT 0;
ALTER TABLE memberships ADD COLUMN last_sent_at BIGINT;

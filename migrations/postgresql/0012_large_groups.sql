-- Large groups: see migrations/sqlite/0012_large_groups.sql.
ALTER TABLE conversations ADD COLUMN is_large BIGINT NOT NULL DEFAULT 0 CHECK (is_large IN (0, 1));

UPDATE conversations SET is_large = 1 WHERE member_count > 100;

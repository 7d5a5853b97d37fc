-- Whether a group is large: nobody is told there who types, who is there, who took another name, or that a plain member
-- came or went. It becomes so above 100 members, and stops being so below 80.
ALTER TABLE conversations ADD COLUMN is_large INTEGER NOT NULL DEFAULT 0 CHECK (is_large IN (0, 1));

UPDATE conversations SET is_large = 1 WHERE member_count > 100;

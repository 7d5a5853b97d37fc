-- By which rule the keys of usernames and of searches were made. SQL cannot fold names: the program makes the keys again
-- at the next start where this is not its rule.
CREATE TABLE name_keys (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    made_by TEXT    NOT NULL
) STRICT;

INSERT INTO name_keys (id, made_by) VALUES (1, '');

-- A reaction is stored without variation selectors, which make no other sign of it. Where somebody has chosen one with
-- and one without, it was one; and where nothing else is left, nobody has seen any.
UPDATE OR IGNORE reactions
SET emoji = replace(replace(emoji, char(0xFE0F), ''), char(0xFE0E), '')
WHERE emoji LIKE '%' || char(0xFE0F) || '%' OR emoji LIKE '%' || char(0xFE0E) || '%';

DELETE FROM reactions
WHERE emoji LIKE '%' || char(0xFE0F) || '%' OR emoji LIKE '%' || char(0xFE0E) || '%'
    OR replace(emoji, char(0x200D), '') = '';

-- Browsers pass over these in an address, or take them for a slash, and may see another host in it than a path of ours.
UPDATE users SET avatar_path = NULL
WHERE instr(avatar_path, char(9)) OR instr(avatar_path, char(10)) OR instr(avatar_path, char(13)) OR instr(avatar_path, '\');

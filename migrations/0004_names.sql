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

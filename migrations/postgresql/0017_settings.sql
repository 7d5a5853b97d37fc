-- What administrators choose in the browser: see migrations/sqlite/0017_settings.sql.
CREATE TABLE settings (
    name    TEXT COLLATE "C" PRIMARY KEY,
    value   TEXT COLLATE "C",
    content BYTEA,
    CHECK ((value IS NULL) <> (content IS NULL))
);

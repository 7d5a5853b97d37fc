-- What administrators choose in the browser: a value is text, or the content of a picture. A configuration file and the
-- environment beat it.
CREATE TABLE settings (
    name    TEXT PRIMARY KEY,
    value   TEXT,
    content BLOB,
    CHECK ((value IS NULL) <> (content IS NULL))
) STRICT, WITHOUT ROWID;

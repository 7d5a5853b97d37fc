-- How far each consumer of the change log that outlives a crash has come: everything up to here is done.
CREATE TABLE consumer_cursors (
    name TEXT    PRIMARY KEY,
    seq  INTEGER NOT NULL
) STRICT;

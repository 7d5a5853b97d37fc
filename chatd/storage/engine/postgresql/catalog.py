"""What PostgreSQL says of its tables."""

#: The name of each table, its columns, those of its primary key, and the one whose values it gives itself.
TABLES = """
    SELECT CAST(c.relname AS TEXT),
        ARRAY (
            SELECT CAST(a.attname AS TEXT) FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        ),
        ARRAY (
            SELECT CAST(a.attname AS TEXT)
            FROM pg_index AS i
            CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
            WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place
        ),
        (SELECT CAST(a.attname AS TEXT) FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attidentity <> '')
    FROM pg_class AS c
    WHERE c.relnamespace = CAST(current_schema() AS REGNAMESPACE) AND c.relkind IN ('r', 'p')
    ORDER BY c.relname
"""

#: The type of each column of a table.
TYPES = """
    SELECT CAST(a.attname AS TEXT), a.atttypid FROM pg_attribute AS a WHERE a.attrelid = CAST(%s AS REGCLASS)
"""

#: Which table refers to which. A reference that is checked at the commit does not matter for the order.
REFERENCES = """
    SELECT CAST(one.relname AS TEXT), CAST(other.relname AS TEXT)
    FROM pg_constraint AS k
    JOIN pg_class AS one ON one.oid = k.conrelid
    JOIN pg_class AS other ON other.oid = k.confrelid
    WHERE k.contype = 'f' AND NOT k.condeferred AND k.conrelid <> k.confrelid
        AND k.connamespace = CAST(current_schema() AS REGNAMESPACE)
"""

#: Each reference: its table, its name, and its declaration.
CONSTRAINTS = """
    SELECT CAST(c.relname AS TEXT), CAST(k.conname AS TEXT), pg_get_constraintdef(k.oid)
    FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
    WHERE k.contype = 'f' AND k.connamespace = CAST(current_schema() AS REGNAMESPACE)
    ORDER BY k.oid
"""

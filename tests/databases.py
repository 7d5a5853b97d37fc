"""Databases that are emptied and lent again: to make one takes longer than most tests do."""

import json
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from tests.postgresql import OTHERS, Cluster, end_others, wait_for

#: All that a test may have made or changed, and that is not a row.
_SHAPE = """
    SELECT coalesce(string_agg(thing, ',' ORDER BY thing), '') FROM (
        SELECT concat_ws(' ', c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull)
        FROM pg_class AS c LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = current_schema()::regnamespace
        UNION ALL SELECT concat_ws(' ', t.tgname, t.tgenabled) FROM pg_trigger AS t WHERE NOT t.tgisinternal
        UNION ALL SELECT concat_ws(' ', p.proname, p.prosrc)
        FROM pg_proc AS p WHERE p.pronamespace = current_schema()::regnamespace
        UNION ALL SELECT CAST(s.setconfig AS TEXT) FROM pg_db_role_setting AS s
    ) AS things (thing)
"""

_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"

_SEQUENCES = "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'"

#: A database that has grown above this, in bytes, is not lent again: what was deleted still takes its room.
_LARGE = 24_000_000


class Databases:
    """The databases of a cluster that tests have one after the other."""

    def __init__(self, cluster: Cluster) -> None:
        """Create the pool, with nothing in it."""
        self._cluster = cluster
        self._free: list[str] = []
        self._shape = ""
        self._rows: dict[str, str] = {}

    def lend(self) -> str:
        """Return the URL of a database with chatd's tables and nothing in them."""
        if self._free:
            return self._free.pop()
        url = self._cluster.database()
        if not self._shape:
            with psycopg.connect(url, autocommit=True) as db:
                self._shape = _shape(db)
                self._rows = {table: _rows(db, table) for table in _names(db, _TABLES)}
        return url

    def take_back(self, url: str) -> None:
        """Empty a database, whoever is connected to it."""
        with psycopg.connect(url, autocommit=True) as db:
            end_others(db)  # as of a server that was killed
            wait_for(db, f"SELECT 1 WHERE NOT EXISTS (SELECT 1 {OTHERS})")
            size = db.execute("SELECT pg_database_size(current_database())").fetchone()
            is_as_before = size is not None and size[0] < _LARGE and _shape(db) == self._shape
            if is_as_before:
                self._empty(db)
        if is_as_before:
            self._free.append(url)
        else:
            self._cluster.drop(url)

    def _empty(self, db: "psycopg.Connection[Any]") -> None:
        with db.transaction():
            db.execute("SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
            for table, rows in self._rows.items():
                name = sql.Identifier(table)
                db.execute(sql.SQL("DELETE FROM {}").format(name))
                if json.loads(rows):
                    insert = (
                        "INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::{}, %s)"
                    )
                    db.execute(sql.SQL(insert).format(name, name), (rows,))
            for sequence in _names(db, _SEQUENCES):
                db.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(sequence)))


def _names(db: "psycopg.Connection[Any]", query: str) -> Sequence[str]:
    return [name for (name,) in db.execute(query)]


def _shape(db: "psycopg.Connection[Any]") -> str:
    row = db.execute(_SHAPE).fetchone()
    assert row is not None
    return str(row[0])


def _rows(db: "psycopg.Connection[Any]", table: str) -> str:
    """Return the rows of a table as JSON."""
    query = sql.SQL("SELECT CAST(coalesce(json_agg(t), '[]') AS TEXT) FROM {} AS t").format(sql.Identifier(table))
    row = db.execute(query).fetchone()
    assert row is not None
    return str(row[0])

"""The migrations of both engines make the same tables, columns, keys and indexes."""

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chatd.storage.engine.postgresql import migrate as postgresql
from chatd.storage.engine.postgresql.copying import NOT_COPIED
from chatd.storage.engine.sqlite import migrate as sqlite
from tests.postgresql import Cluster

pytestmark = pytest.mark.postgresql

#: A table by its name: its columns, its keys to others, and its indexes.
Schema = dict[str, tuple[set[Any], set[Any], set[Any]]]

_TYPES = {"INTEGER": "bigint", "TEXT": "text", "BLOB": "bytea"}

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, NULL), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
        coalesce(co.collname, '')
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_collation AS co ON co.oid = a.attcollation
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
"""

_REFERENCES = """
    SELECT k.conrelid::regclass::TEXT, a.attname, k.confrelid::regclass::TEXT, k.confdeltype
    FROM pg_constraint AS k JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
    WHERE k.contype = 'f'
"""

_INDEXES = """
    SELECT i.indrelid::regclass::TEXT, i.indisunique,
        ARRAY (SELECT pg_get_indexdef(i.indexrelid, n, TRUE) FROM generate_series(1, i.indnatts) AS n),
        pg_get_expr(i.indpred, i.indrelid)
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
    WHERE c.relnamespace = current_schema()::regnamespace
"""


def bare(expression: str | None) -> str:
    """Return a default or a condition without what the engines write differently around it."""
    text = re.sub(r"::\w+|[()\s]|COLLATE\"C\"", "", expression or "")
    return text.replace("<>", "!=").lower()


def of_sqlite(path: Path) -> Schema:
    """Return the schema of a database of SQLite."""
    found: Schema = {}
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (table,) in db.execute(tables).fetchall():
            info = db.execute(f"PRAGMA table_info({table})").fetchall()
            columns = {
                (name, _TYPES[kind], bool(filled or key), bare(default)) for _, name, kind, filled, default, key in info
            }
            references = {
                (row[3], row[2], {"CASCADE": "c", "SET NULL": "n", "NO ACTION": "a"}[row[6]])
                for row in db.execute(f"PRAGMA foreign_key_list({table})")
            }
            key = tuple(row[1] for row in sorted((row for row in info if row[5]), key=lambda row: row[5]))
            indexes = {(True, key, "")}
            for _, name, is_unique, _, _ in db.execute(f"PRAGMA index_list({table})").fetchall():
                on = tuple(row[2] for row in db.execute(f"PRAGMA index_info({name})"))
                sql = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
                condition = re.search(r"WHERE (.*)", sql[0], re.DOTALL) if sql and sql[0] else None
                indexes.add((bool(is_unique), on, bare(condition[1] if condition else None)))
            found[table] = columns, references, indexes
    return found


def of_postgresql(url: str) -> Schema:
    """Return the schema of a database of PostgreSQL; its text must compare by code point."""
    found: Schema = {}
    with contextlib.closing(psycopg.connect(url)) as db:
        for table, name, kind, filled, default, collation in db.execute(_COLUMNS):
            assert collation in ("", "C"), (table, name, collation)
            found.setdefault(table, (set(), set(), set()))[0].add((name, kind, filled, bare(default)))
        for table, column, other, on_delete in db.execute(_REFERENCES):
            kept = on_delete.decode() if isinstance(on_delete, bytes) else on_delete
            found[table][1].add((column, other, kept))
        for table, is_unique, on, condition in db.execute(_INDEXES):
            found[table][2].add((is_unique, tuple(on), bare(condition)))
    return {table: parts for table, parts in found.items() if table not in NOT_COPIED}


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    """A database with nothing in it."""
    url = cluster.database()
    yield url
    cluster.drop(url)


def test_both_engines_have_the_same_tables(url: str, tmp_path: Path) -> None:
    sqlite.migrate(tmp_path / "chatd.db")
    ours, theirs = of_sqlite(tmp_path / "chatd.db"), of_postgresql(url)
    assert ours.keys() == theirs.keys()
    for table, parts in ours.items():
        for part, other in zip(parts, theirs[table], strict=True):
            assert part == other, table


def test_both_engines_end_with_the_same_number() -> None:
    assert sqlite.newest_version() == postgresql.newest_version()

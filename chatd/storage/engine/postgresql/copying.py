"""PostgreSQL as one side of a copy, in one transaction under the lock of writers: by COPY, in and out."""

import contextlib
import graphlib
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import conninfo
from psycopg.sql import SQL, Composable, Identifier, Literal

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.copying import Table, Values
from chatd.storage.engine.postgresql import lineage
from chatd.storage.engine.postgresql.connections import Raw, connect_usable
from chatd.storage.engine.postgresql.faults import reason
from chatd.storage.engine.postgresql.keys import NAME as KEY
from chatd.storage.engine.postgresql.migrate import MIGRATING
from chatd.storage.engine.postgresql.writer import locked

#: The tables that are not copied, as SQLite has none of them: how several processes agree, what they remember for
#: minutes, and the signing key, which is copied by itself.
NOT_COPIED = frozenset({"schema", "commits", "generations", "lineage", "secrets", "limits", "tickets"})

#: What has rows although nobody has an account: the tables of one row, and how far consumers of the log have come.
KEPT_FROM_THE_START = frozenset({"change_log_state", "name_keys", "health", "consumer_cursors"})

#: How many rows are sent before PostgreSQL checks their keys to others, and forgets that it had to.
CHECKED_TOGETHER = 20_000

#: How long a connection may stand still while the server is busy with its disk, in milliseconds.
PATIENCE_MS = 60_000

#: How long who has just ended may still be connected, in seconds.
LINGERING = 5.0

_TABLES = """
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

_TYPES = """
    SELECT CAST(a.attname AS TEXT), a.atttypid FROM pg_attribute AS a WHERE a.attrelid = CAST(%s AS REGCLASS)
"""

#: A reference that is checked at the commit does not matter for the order.
_REFERENCES = """
    SELECT CAST(one.relname AS TEXT), CAST(other.relname AS TEXT)
    FROM pg_constraint AS k
    JOIN pg_class AS one ON one.oid = k.conrelid
    JOIN pg_class AS other ON other.oid = k.confrelid
    WHERE k.contype = 'f' AND NOT k.condeferred AND k.conrelid <> k.confrelid
        AND k.connamespace = CAST(current_schema() AS REGNAMESPACE)
"""

_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name IN ('chatd', current_setting('application_name'))
"""


class Side:
    """A :class:`chatd.storage.engine.copying.Target`."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw

    def tables(self) -> list[Table]:
        """Return the tables to copy, each after those it refers to."""
        found = {
            name: Table(name, tuple(columns), tuple(key), identity)
            for name, columns, key, identity in self._raw.execute(_TABLES)
            if name not in NOT_COPIED
        }
        order: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter(dict.fromkeys(found, ()))
        for name, other in self._raw.execute(_REFERENCES):
            if name in found:
                order.add(name, other)
        return [found[name] for name in order.static_order()]

    def rows(self, table: Table) -> Iterator[Values]:
        """See :meth:`chatd.storage.engine.copying.Source.rows`."""
        types = self._types(table)
        query = SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT (FORMAT binary)").format(
            _listed(table.columns), Identifier(table.name), _listed(table.key)
        )
        with self._raw.cursor() as cursor, cursor.copy(query) as copy:
            copy.set_types(types)
            yield from copy.rows()

    def last_ids(self, tables: Sequence[Table]) -> dict[str, int]:
        """See :meth:`chatd.storage.engine.copying.Source.last_ids`."""
        query = SQL("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {}")
        return {
            table.name: int(self._value(query.format(self._sequence(table.name, table.identity))))
            for table in tables
            if table.identity
        }

    def require_empty(self, tables: Sequence[Table]) -> None:
        """Require a database in which nobody has an account.

        :raises DatabaseUnusable: there is a community in it.
        """
        for table in tables:
            query = SQL("SELECT EXISTS (SELECT 1 FROM {})").format(Identifier(table.name))
            if table.name not in KEPT_FROM_THE_START and self._value(query):
                raise DatabaseUnusable(
                    f"there is a community in that database already ({table.name} has rows): create one for this"
                )

    def fill(self, table: Table, rows: Iterable[Values]) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.fill`."""
        name = Identifier(table.name)
        types = self._types(table)
        if table.name in KEPT_FROM_THE_START:
            self._raw.execute(SQL("DELETE FROM {}").format(name))
        query = SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(name, _listed(table.columns))
        left = iter(rows)
        for first in left:
            with self._raw.cursor() as cursor, cursor.copy(query) as copy:
                copy.set_types(types)
                for row in itertools.chain([first], itertools.islice(left, CHECKED_TOGETHER - 1)):
                    copy.write_row(row)
        self._raw.execute(SQL("ANALYZE {}").format(name))  # or the first queries are planned for empty tables

    def set_last_ids(self, last_ids: Mapping[str, int]) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.set_last_ids`."""
        self._raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
        identities = {table.name: table.identity for table in self.tables()}
        for name, last_id in last_ids.items():  # setval() would not be undone with the transaction
            sequence = self._sequence(name, identities[name])
            self._raw.execute(SQL("ALTER SEQUENCE {} RESTART WITH {}").format(sequence, Literal(last_id + 1)))

    def signing_key(self) -> bytes | None:
        """Return the signing key that processes share, or None where none has been made."""
        row = self._raw.execute("SELECT value FROM secrets WHERE name = %s", (KEY,)).fetchone()
        return None if row is None else bytes(row[0])

    def set_signing_key(self, key: bytes) -> None:
        """Replace the signing key that processes share."""
        self._raw.execute(
            "INSERT INTO secrets (name, value) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (KEY, key),
        )

    def require_held(self) -> None:
        """Require that nobody has ended this connection, and could have written since.

        :raises psycopg.Error: it was ended.
        """
        self._raw.execute("SELECT 1")

    def _value(self, query: Composable | str, values: Sequence[Any] = ()) -> Any:
        row = self._raw.execute(query, values).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]

    def _types(self, table: Table) -> list[int]:
        types = dict(self._raw.execute(_TYPES, (f'"{table.name}"',)).fetchall())
        return [types[column] for column in table.columns]

    def _sequence(self, table: str, column: str | None) -> Identifier:
        query = """
            SELECT CAST(n.nspname AS TEXT), CAST(c.relname AS TEXT)
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.oid = CAST(pg_get_serial_sequence(%s, %s) AS REGCLASS)
        """
        schema, name = self._raw.execute(query, (f'"{table}"', column)).fetchone() or ("", "")
        return Identifier(schema, name)


@contextlib.contextmanager
def source(url: str) -> Iterator[Side]:
    """Open a database that no server uses; who wants to write to it waits.

    :raises DatabaseUnusable: it is in use, or cannot be read.
    """
    with _alone(url) as raw:
        yield Side(raw)


@contextlib.contextmanager
def target(url: str) -> Iterator[Side]:
    """Open a database that no server uses, for all of it to be written or nothing.

    :raises DatabaseUnusable: it is in use, or cannot be written.
    """
    with _alone(url) as raw:
        lineage.verify(raw, lossless=True)  # so that no start sees another PostgreSQL, and renews the epoch
        yield Side(raw)


@contextlib.contextmanager
def _alone(url: str) -> Iterator[Raw]:
    """Hold off all other processes, also one that starts, in a transaction."""
    patient = conninfo.make_conninfo(url, tcp_user_timeout=PATIENCE_MS)
    with contextlib.closing(connect_usable(patient)) as raw:
        try:
            raw.execute("SET idle_in_transaction_session_timeout = 0")
            raw.execute(f"SELECT pg_advisory_lock({MIGRATING})")
            with locked(raw):
                _require_alone(raw)
                yield raw
        except psycopg.Error as error:
            raise DatabaseUnusable(f"PostgreSQL: {reason(error)}") from error


def _require_alone(raw: Raw) -> None:
    deadline = time.monotonic() + LINGERING
    while (row := raw.execute(_OTHERS).fetchone()) and row[0]:
        if time.monotonic() > deadline:
            raise DatabaseUnusable(f"chatd is connected to that PostgreSQL ({row[0]} connections): stop it first")
        raw.execute("SELECT pg_sleep(0.05), pg_stat_clear_snapshot()")


def _listed(columns: Sequence[str]) -> Composable:
    return SQL(", ").join(map(Identifier, columns))

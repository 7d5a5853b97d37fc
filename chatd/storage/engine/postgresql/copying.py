"""PostgreSQL as one side of a copy: by COPY, in and out."""

import contextlib
import graphlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import conninfo
from psycopg.sql import SQL, Composable, Identifier, Literal

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.copying import ALL, Conflict, Span, Table, Values
from chatd.storage.engine.postgresql import catalog, lineage
from chatd.storage.engine.postgresql.connections import Raw, connect_usable
from chatd.storage.engine.postgresql.faults import reason
from chatd.storage.engine.postgresql.keys import NAME as KEY
from chatd.storage.engine.postgresql.lock import locked
from chatd.storage.engine.postgresql.migrate import MIGRATING

#: The tables that are not copied, as SQLite has none of them: how several processes agree, what they remember for
#: minutes, and the signing key, which is copied by itself.
NOT_COPIED = frozenset({"schema", "commits", "generations", "lineage", "secrets", "limits", "tickets"})

#: What has rows although nobody has an account: the tables of one row, and how far consumers of the log have come.
KEPT_FROM_THE_START = frozenset({"change_log_state", "name_keys", "health", "consumer_cursors"})

#: How many rows are fetched at once.
FETCHED_TOGETHER = 500

#: How long a connection may stand still while the server is busy with its disk, in milliseconds.
PATIENCE_MS = 60_000

#: How long who has just ended may still be connected, in seconds.
LINGERING = 5.0

_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name IN ('chatd', current_setting('application_name'))
"""


class InUse(DatabaseUnusable):
    """A server or a command is connected to the database."""


class Side:
    """A :class:`chatd.storage.engine.copying.Target`."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._types_of: dict[str, list[int]] = {}
        self._references: list[tuple[str, str, str]] = []

    def tables(self) -> list[Table]:
        """Return the tables to copy, each after those it refers to."""
        found = {
            name: Table(name, tuple(columns), tuple(key), identity)
            for name, columns, key, identity in self._raw.execute(catalog.TABLES)
            if name not in NOT_COPIED
        }
        order: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter(dict.fromkeys(found, ()))
        for name, other in self._raw.execute(catalog.REFERENCES):
            if name in found:
                order.add(name, other)
        return [found[name] for name in order.static_order()]

    def columns(self) -> dict[str, frozenset[str]]:
        """Return the columns of each table that is copied."""
        return {table.name: frozenset(table.columns) for table in self.tables()}

    def rows(self, table: Table, span: Span = ALL, limit: int | None = None) -> Iterator[Values]:
        """See :meth:`chatd.storage.engine.copying.Source.rows`."""
        query = SQL("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {}").format(
            _listed(table.columns), Identifier(table.name), _within(table, span), _listed(table.key), Literal(limit)
        )
        with self._raw.transaction(), self._raw.cursor("piece", binary=True) as cursor:
            cursor.itersize = FETCHED_TOGETHER
            yield from cursor.execute(query)

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

    def begin(self) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.begin`; nobody else sees that.

        Pieces come and go, and each row would be looked up one by one.
        """
        self._references = self._raw.execute(catalog.CONSTRAINTS).fetchall()
        for table, name, _ in self._references:
            self._raw.execute(SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(Identifier(table), Identifier(name)))

    def clear(self, table: Table, span: Span) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.clear`."""
        self._raw.execute(SQL("DELETE FROM {} WHERE {}").format(Identifier(table.name), _within(table, span)))

    def add(self, table: Table, rows: Iterable[Values]) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.add`."""
        query = SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(Identifier(table.name), _listed(table.columns))
        types = self._types(table)
        try:
            with self._raw.transaction(), self._raw.cursor() as cursor, cursor.copy(query) as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)
        except psycopg.IntegrityError as error:
            raise Conflict(f"PostgreSQL: {reason(error)}") from error

    def count(self, table: Table) -> int:
        """See :meth:`chatd.storage.engine.copying.Target.count`."""
        return int(self._value(SQL("SELECT count(*) FROM {}").format(Identifier(table.name))))

    def prepare(self) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.prepare`."""
        for table in self.tables():  # or the first queries are planned for empty tables
            self._raw.execute(SQL("ANALYZE {}").format(Identifier(table.name)))

    def finish(self, last_ids: Mapping[str, int]) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.finish`."""
        self._raw.execute("RESET enable_seqscan; RESET enable_sort")
        for table, name, text in self._references:
            self._raw.execute(
                SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(Identifier(table), Identifier(name), SQL(text))
            )
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

    def is_used(self) -> bool:
        """Report whether a server or a command is connected."""
        return bool(_others(self._raw))

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
        if table.name not in self._types_of:
            types = dict(self._raw.execute(catalog.TYPES, (f'"{table.name}"',)).fetchall())
            self._types_of[table.name] = [types[column] for column in table.columns]
        return self._types_of[table.name]

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

    :raises InUse: a server is connected.
    :raises DatabaseUnusable: it cannot be read.
    """
    with _connected(url) as raw, _alone(raw):
        yield Side(raw)


@contextlib.contextmanager
def live(url: str) -> Iterator[Side]:
    """Open a database that servers may be using, and that they go on using: each reading is of its own moment.

    :raises DatabaseUnusable: it cannot be read.
    """
    with _connected(url) as raw:
        yield Side(raw)


@contextlib.contextmanager
def target(url: str) -> Iterator[Side]:
    """Open a database that no server uses, for all of it to be written or nothing.

    :raises InUse: a server is connected.
    :raises DatabaseUnusable: it cannot be written.
    """
    with _connected(url) as raw, _alone(raw):
        lineage.verify(raw, lossless=True)  # so that no start sees another PostgreSQL, and renews the epoch
        yield Side(raw)


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Raw]:
    patient = conninfo.make_conninfo(url, tcp_user_timeout=PATIENCE_MS)
    with contextlib.closing(connect_usable(patient)) as raw:
        try:
            raw.execute("SET idle_in_transaction_session_timeout = 0")
            # Rows are always read in the order of their key, also from a table of which no statistics are known.
            raw.execute("SET enable_seqscan = off; SET enable_sort = off")
            yield raw
        except psycopg.Error as error:
            raise DatabaseUnusable(f"PostgreSQL: {reason(error)}") from error


@contextlib.contextmanager
def _alone(raw: Raw) -> Iterator[None]:
    """Hold off all other processes, also one that starts, in a transaction."""
    raw.execute(f"SELECT pg_advisory_lock({MIGRATING})")
    with locked(raw):
        _require_alone(raw)
        yield


def _require_alone(raw: Raw) -> None:
    deadline = time.monotonic() + LINGERING
    while count := _others(raw):
        if time.monotonic() > deadline:
            raise InUse(f"chatd is connected to that PostgreSQL ({count} connections): stop it first")
        raw.execute("SELECT pg_sleep(0.05), pg_stat_clear_snapshot()")


def _others(raw: Raw) -> int:
    (count,) = raw.execute(_OTHERS).fetchone() or (0,)
    return int(count)


def _within(table: Table, span: Span) -> Composable:
    """Return the condition that a row is in a span."""
    bounds = [(">", span.above), ("<=", span.up_to)]
    conditions = [
        SQL("({}) {} ({})").format(_listed(table.key), SQL(sign), SQL(", ").join(map(Literal, key)))
        for sign, key in bounds
        if key is not None
    ]
    return SQL(" AND ").join(conditions) if conditions else SQL("TRUE")


def _listed(columns: Sequence[str]) -> Composable:
    return SQL(", ").join(map(Identifier, columns))

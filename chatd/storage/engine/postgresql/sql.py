"""A connection to PostgreSQL, as the rest of storage sees it."""

import contextlib
import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import RawCursor

from chatd.storage.engine import Addition, Params
from chatd.storage.engine.postgresql.connections import Raw
from chatd.storage.engine.postgresql.translation import translated


class Row(tuple[Any, ...]):
    """A row: its values in their order, or by the names of the columns."""

    __slots__ = ()
    _places: Mapping[str, int] = {}

    def __getitem__(self, key: Any, /) -> Any:
        return tuple.__getitem__(self, self._places[key] if type(key) is str else key)


class Cursor(RawCursor[Any]):
    """The rows of one statement, which are waited for when they are asked for."""

    def __init__(self, raw: Raw, pipeline: psycopg.Pipeline) -> None:
        super().__init__(raw, row_factory=_make_rows)
        self._sent_by = pipeline

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        if self.pgresult is None:
            self._sent_by.sync()
        return super().rowcount


@functools.cache
def _row_type(names: tuple[str, ...]) -> type[Row]:
    return type("Row", (Row,), {"__slots__": (), "_places": {name: place for place, name in enumerate(names)}})


def _make_rows(cursor: Any) -> Callable[[Sequence[Any]], Row]:
    result = cursor.pgresult
    if result is None:
        return Row
    return _row_type(tuple(result.fname(place).decode() for place in range(result.nfields)))


class Connection:
    """A :class:`chatd.storage.engine.Sql` over a connection that waits for as few answers as it can.

    Statements are sent as they come. An answer is waited for when it is asked for, so an error may be raised by a later
    statement than the one that failed, but never after :meth:`settle`.
    """

    #: See :attr:`chatd.storage.engine.Sql.joins_laterally`.
    joins_laterally = True

    def __init__(self, connect: Callable[[], Raw], begin: str = "BEGIN", local: str = "") -> None:
        """Create a connection that :meth:`open` opens.

        :param connect: makes the connection proper.
        :param begin: begins a transaction.
        :param local: gives a transaction its settings, where the session does not keep them.
        """
        self._connect = connect
        self._begin_statements = tuple(filter(None, (begin, local)))
        self._stack = contextlib.ExitStack()
        self.raw: Raw | None = None
        self._pipeline: psycopg.Pipeline | None = None
        self._types: dict[tuple[str, str], str] = {}

    @property
    def is_open(self) -> bool:
        """Whether it is connected, as far as is known."""
        return self.raw is not None and not self.raw.closed

    def open(self) -> None:
        """Connect, once more if the connection was lost.

        :raises psycopg.Error: there is no server, or it lets nobody in.
        """
        self.close()
        raw = self._connect()
        self._stack.callback(raw.close)
        if not self._types:
            self._types = _column_types(raw)
        self.raw = raw
        self._pipeline = self._stack.enter_context(raw.pipeline())

    def close(self) -> None:
        """Disconnect, without a wait for what is under way."""
        if self.raw is not None:
            self.raw.close()  # first, or the end of the pipeline would wait for a server that may be gone
        with contextlib.suppress(psycopg.Error):
            self._stack.close()
        self._stack = contextlib.ExitStack()
        self.raw = self._pipeline = None

    def begin_transaction(self) -> None:
        """Begin a transaction."""
        for statement in self._begin_statements:
            self.execute(statement)

    def settle(self) -> None:
        """Wait for every statement sent so far.

        :raises psycopg.Error: one of them failed.
        """
        assert self._pipeline is not None
        self._pipeline.sync()

    def execute(self, sql: str, values: Params = (), /) -> Cursor:
        """See :meth:`chatd.storage.engine.Sql.execute`."""
        statement = translated(sql)
        if isinstance(values, Mapping):
            return self._send(statement.text, [values[name] for name in statement.names])
        return self._send(statement.text, values)

    def select_pairs(self, sql: str, pairs: Collection[tuple[Any, Any]], /) -> list[Row]:
        """See :meth:`chatd.storage.engine.Sql.select_pairs`."""
        if not pairs:
            return []
        ones, twos = zip(*pairs, strict=True)
        statement = _with_pairs(sql, _array_of(ones), _array_of(twos))
        return self._send(statement, (list(ones), list(twos))).fetchall()

    def executemany(self, sql: str, values: Iterable[Params], /) -> Cursor:
        """See :meth:`chatd.storage.engine.Sql.executemany`; the cursor is that of the last."""
        cursor = None
        for each in values:
            cursor = self.execute(sql, each)
        return self._cursor() if cursor is None else cursor

    def insert_many(self, table: str, columns: tuple[str, ...], rows: Iterable[Sequence[Any]], /) -> None:
        """See :meth:`chatd.storage.engine.Sql.insert_many`."""
        self._insert(table, columns, rows, "")

    def insert_new(self, table: str, columns: tuple[str, ...], rows: Iterable[Sequence[Any]], /) -> int:
        """See :meth:`chatd.storage.engine.Sql.insert_new`."""
        cursor = self._insert(table, columns, rows, " ON CONFLICT DO NOTHING")
        return 0 if cursor is None else cursor.rowcount

    def add_many(self, addition: Addition, rows: Iterable[Sequence[int]], /) -> None:
        """See :meth:`chatd.storage.engine.Sql.add_many`."""
        arrays = list(map(list, zip(*rows, strict=True)))
        if arrays:
            self._send(_add(addition), arrays)

    def _insert(
        self, table: str, columns: tuple[str, ...], rows: Iterable[Sequence[Any]], conflict: str
    ) -> Cursor | None:
        arrays = list(map(list, zip(*rows, strict=True)))
        if not arrays:
            return None
        types = tuple(self._types[table, column] for column in columns)
        return self._send(_insert_statement(table, columns, types, conflict), arrays)

    def _send(self, statement: str, values: Sequence[Any]) -> Cursor:
        return self._cursor().execute(statement, values, binary=True)

    def _cursor(self) -> Cursor:
        if self.raw is None or self._pipeline is None:
            raise psycopg.OperationalError("the connection is lost")
        return Cursor(self.raw, self._pipeline)


def _column_types(raw: Raw) -> dict[tuple[str, str], str]:
    """Return the type of each column of chatd's tables."""
    rows = raw.execute(
        """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0
            AND NOT a.attisdropped
        """
    )
    return {(table, column): kind for table, column, kind in rows}


def _array_of(values: Sequence[Any]) -> str:
    return "TEXT[]" if isinstance(values[0], str) else "BIGINT[]"


@functools.cache
def _with_pairs(sql: str, one: str, two: str) -> str:
    arrays = f"unnest(CAST($1 AS {one}), CAST($2 AS {two}))"
    return f"WITH pair (one, two) AS (SELECT * FROM {arrays}) {translated(sql).text}"


@functools.cache
def _insert_statement(table: str, columns: tuple[str, ...], types: tuple[str, ...], conflict: str) -> str:
    arrays = ", ".join(f"CAST(${number} AS {kind}[])" for number, kind in enumerate(types, 1))
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays}){conflict}"


@functools.cache
def _add(addition: Addition) -> str:
    names = (*addition.sums, *addition.puts, *addition.keys)
    arrays = ", ".join(f"CAST(${number} AS BIGINT[])" for number in range(1, len(names) + 1))
    table = addition.table
    changes = [
        *(f"{name} = {table}.{name} + added.{name}" for name in addition.sums),
        *(f"{name} = added.{name}" for name in addition.puts),
    ]
    conditions = [
        *(f"{table}.{name} = added.{name}" for name in addition.keys),
        *([addition.where] if addition.where else []),
    ]
    return (
        f"UPDATE {table} SET {', '.join(changes)} FROM unnest({arrays}) AS added ({', '.join(names)})"
        f" WHERE {' AND '.join(conditions)}"
    )

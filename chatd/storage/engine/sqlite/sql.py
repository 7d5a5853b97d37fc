"""A connection to SQLite, as the rest of storage sees it."""

import functools
import itertools
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from chatd.storage.engine import Addition, Versions
from chatd.storage.engine.sqlite.faults import is_storage_fault

#: Counts the writer's own changes: a table of its own connection, kept up by triggers that no statement passes by.
#: A change that is undone is not counted.
_COUNTERS = """
    CREATE TEMP TABLE changed (users INTEGER NOT NULL, blocks INTEGER NOT NULL, members INTEGER NOT NULL);
    INSERT INTO changed VALUES (0, 0, 0);
    CREATE TEMP TRIGGER users_updated AFTER UPDATE ON users
        BEGIN UPDATE changed SET users = users + 1; END;
    CREATE TEMP TRIGGER users_deleted AFTER DELETE ON users
        BEGIN UPDATE changed SET users = users + 1; END;
    CREATE TEMP TRIGGER blocks_inserted AFTER INSERT ON blocks
        BEGIN UPDATE changed SET blocks = blocks + 1; END;
    CREATE TEMP TRIGGER blocks_deleted AFTER DELETE ON blocks
        BEGIN UPDATE changed SET blocks = blocks + 1; END;
    CREATE TEMP TRIGGER members_inserted AFTER INSERT ON memberships
        WHEN (SELECT kind FROM conversations WHERE id = new.conversation_id) = 'group'
        BEGIN UPDATE changed SET members = members + 1; END;
    CREATE TEMP TRIGGER members_updated
        AFTER UPDATE OF conversation_id, user_id, left_seq, role, visible_from ON memberships
        BEGIN UPDATE changed SET members = members + 1; END;
    CREATE TEMP TRIGGER members_deleted AFTER DELETE ON memberships
        BEGIN UPDATE changed SET members = members + 1; END;
    CREATE TEMP TRIGGER actions_inserted AFTER INSERT ON actions WHEN new.kind = 'silence'
        BEGIN UPDATE changed SET members = members + 1; END;
    CREATE TEMP TRIGGER actions_updated AFTER UPDATE OF undone_at, ended_at ON actions WHEN new.kind = 'silence'
        BEGIN UPDATE changed SET members = members + 1; END;
    CREATE TEMP TRIGGER groups_updated AFTER UPDATE OF post_rule ON conversations
        BEGIN UPDATE changed SET members = members + 1; END;
"""


#: The most pairs a statement takes: SQLite has at most 32,766 parameters.
_MOST_PAIRS = 4_096


class Row(sqlite3.Row):
    """A row read by name, equal to the tuple of its values. It takes some 60 ns more than a tuple to make."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (tuple, Row)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={self[name]!r}' for name in self.keys())})"


class Connection(sqlite3.Connection):
    """A :class:`chatd.storage.engine.WriterSql`; what it does not define is the library's own, in C."""

    #: See :attr:`chatd.storage.engine.Sql.joins_laterally`.
    joins_laterally = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row_factory = Row

    def select_pairs(self, sql: str, pairs: Collection[tuple[Any, Any]], /) -> list[Row]:
        """See :meth:`chatd.storage.engine.Sql.select_pairs`."""
        if len(pairs) > _MOST_PAIRS:
            rest = list(pairs)
            return self.select_pairs(sql, rest[:_MOST_PAIRS]) + self.select_pairs(sql, rest[_MOST_PAIRS:])
        size = 1 << (len(pairs) - 1).bit_length()
        values = [*itertools.chain.from_iterable(pairs), *(None,) * 2 * (size - len(pairs))]
        return self.execute(_with_pairs(sql, size), values).fetchall()

    def insert_many(self, table: str, columns: tuple[str, ...], rows: Iterable[Sequence[Any]], /) -> None:
        """See :meth:`chatd.storage.engine.Sql.insert_many`."""
        self.executemany(_insert(table, columns), rows)

    def insert_new(self, table: str, columns: tuple[str, ...], rows: Iterable[Sequence[Any]], /) -> int:
        """See :meth:`chatd.storage.engine.Sql.insert_new`."""
        return self.executemany(f"{_insert(table, columns)} ON CONFLICT DO NOTHING", rows).rowcount

    def add_many(self, addition: Addition, rows: Iterable[Sequence[int]], /) -> None:
        """See :meth:`chatd.storage.engine.Sql.add_many`."""
        self.executemany(_add(addition), rows)

    def begin(self) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.begin`."""
        self.execute("BEGIN IMMEDIATE")

    def count_changes(self) -> None:
        """Begin to count what :meth:`own_versions` returns."""
        self.executescript(_COUNTERS)

    def record(self, events: bytes | None, /) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.record`: there is nobody to tell."""

    @property
    def number(self) -> int:
        """See :meth:`chatd.storage.engine.WriterSql.number`."""
        return 0

    def savepoint(self) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.savepoint`."""
        self.execute("SAVEPOINT work")

    def undo(self) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.undo`."""
        self.execute("ROLLBACK TO work")

    def release(self) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.release`."""
        self.execute("RELEASE work")

    def others_version(self) -> int:
        """See :meth:`chatd.storage.engine.WriterSql.others_version`: what another process changes is not known."""
        return 0

    def foreign_version(self) -> int:
        """See :meth:`chatd.storage.engine.WriterSql.foreign_version`."""
        return int(self.execute("PRAGMA data_version").fetchone()[0])

    def own_versions(self) -> Versions:
        """See :meth:`chatd.storage.engine.WriterSql.own_versions`."""
        return Versions(*self.execute("SELECT users, blocks, members FROM changed").fetchone())

    def is_lost(self, error: Exception) -> bool:
        """See :meth:`chatd.storage.engine.WriterSql.is_lost`. A full disk makes SQLite end the transaction itself."""
        return is_storage_fault(error) or not self.in_transaction


@functools.cache
def _with_pairs(sql: str, size: int) -> str:
    """Return a query that has its pairs as parameters. Sizes are powers of two, so that few statements are prepared."""
    values = "SELECT ?, ?" if size == 1 else f"VALUES {', '.join(['(?, ?)'] * size)}"  # a lone VALUES takes longer
    return f"WITH pair (one, two) AS ({values}) {sql}"


@functools.cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


@functools.cache
def _add(addition: Addition) -> str:
    changes = [*(f"{name} = {name} + ?" for name in addition.sums), *(f"{name} = ?" for name in addition.puts)]
    conditions = [*(f"{name} = ?" for name in addition.keys), *([addition.where] if addition.where else [])]
    return f"UPDATE {addition.table} SET {', '.join(changes)} WHERE {' AND '.join(conditions)}"

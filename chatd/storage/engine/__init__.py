"""What the SQL of this program asks of a database engine.

The statements are written once, in the dialect that SQLite and PostgreSQL share: named parameters, rows read by name,
``RETURNING``, ``ON CONFLICT``, ``IS DISTINCT FROM``. What the two do differently is a method or a function here.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")

#: The largest integer that both engines store: above every id, time and number of rows.
LARGEST = 2**63 - 1

#: The values of a statement: by name. By position only in what one engine alone executes.
Params = Mapping[str, Any] | Sequence[Any]


class Row(Protocol):
    """One row: its values by the names of the columns, or in their order; equal to the tuple of its values."""

    def __getitem__(self, key: str | int | slice, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...


class Cursor(Protocol):
    """The rows a statement returned, and how many it changed."""

    @property
    def rowcount(self) -> int:
        """How many rows an ``INSERT``, ``UPDATE`` or ``DELETE`` changed."""

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the rows that are left; each is a :class:`Row`."""

    def fetchone(self) -> Any:
        """Return the next :class:`Row`, or None."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left, each a :class:`Row`."""


class Sql(Protocol):
    """A connection inside a transaction."""

    @property
    def joins_laterally(self) -> bool:
        """Whether the engine has LATERAL, and needs it."""

    def execute(self, sql: str, values: Params = (), /) -> Cursor:
        """Execute one statement."""

    def select_pairs(self, sql: str, pairs: Collection[tuple[Any, Any]], /) -> list[Any]:
        """Return the rows of a query that joins with pairs of values.

        :param sql: the query. It finds the pairs in a table ``pair`` with the columns ``one`` and ``two``.
        :param pairs: the values of each.
        """

    def executemany(self, sql: str, values: Iterable[Params], /) -> Cursor:
        """Execute one statement for each of ``values``: slow on PostgreSQL, so only for what is rare."""

    def insert_many(self, table: str, columns: tuple[str, ...], rows: Iterable[Sequence[Any]], /) -> None:
        """Insert rows.

        :param table: its name.
        :param columns: the columns that are given; the others have their defaults.
        :param rows: the values of each, in the order of ``columns``.
        """

    def insert_new(self, table: str, columns: tuple[str, ...], rows: Iterable[Sequence[Any]], /) -> int:
        """Insert rows as :meth:`insert_many` does, without those that a unique key has already.

        :returns: how many were inserted.
        """

    def add_many(self, addition: "Addition", rows: Iterable[Sequence[int]], /) -> None:
        """Add to columns of many rows, each of which is named once.

        :param rows: the values for each, in the order of the addition's ``sums``, ``puts`` and ``keys``.
        """


class Hint(NamedTuple):
    """What was heard of a commit."""

    number: int
    #: The name of the process that made it.
    writer: str
    #: As in :class:`Told`; None also where there was no room for them.
    events: bytes | None


class Told(NamedTuple):
    """A commit as its writer recorded it."""

    number: int
    #: The name of the process that made it.
    writer: str
    #: What happened; None where it does not say.
    events: bytes | None


class Versions(NamedTuple):
    """Numbers, each of which is another one after what it stands for has changed."""

    users: int
    blocks: int
    #: Who is in which group.
    members: int


@dataclass(frozen=True, eq=False)
class Addition:
    """A statement that adds to columns of many rows, see :meth:`Sql.add_many`."""

    table: str
    #: The columns to add to.
    sums: tuple[str, ...]
    #: The columns to set.
    puts: tuple[str, ...]
    #: The columns by which a row is found.
    keys: tuple[str, ...]
    #: A condition that a row also has to meet.
    where: str | None = None


class WriterSql(Sql, Protocol):
    """The connection that writes, between transactions and in them."""

    def begin(self) -> None:
        """Begin a transaction, once no other process is in one."""

    def record(self, events: bytes | None, /) -> None:
        """Tell other processes of the transaction at its end, where there are any.

        :param events: what happened, as they understand it; None where that is not said.
        """

    def commit(self) -> None:
        """Make what was written durable, and visible to everybody."""

    @property
    def number(self) -> int:
        """The place of the last commit among those of all processes; 0 where they are not numbered."""

    def rollback(self) -> None:
        """Undo what was written, if there is still a transaction."""

    def savepoint(self) -> None:
        """Begin a part of the transaction that can be undone alone."""

    def undo(self) -> None:
        """Undo the part, after whatever error; :meth:`release` still ends it."""

    def release(self) -> None:
        """End the part. An error of one of its statements is raised here at the latest."""

    def foreign_version(self) -> int:
        """Return a number that is another one after something unknown may have changed."""

    def others_version(self) -> int:
        """Return a number that is another one after another process has committed what :meth:`own_versions` counts."""

    def own_versions(self) -> Versions:
        """Return the versions of what this connection sees in its transaction."""

    def is_lost(self, error: Exception) -> bool:
        """Report whether the transaction cannot go on after an error of a statement: then the engine is at fault."""


#: Reads from a snapshot.
Read = Callable[[Sql], T]


class Engine(Protocol):
    """A database that is open: where writes and reads run, and how it is with other processes."""

    @property
    def is_shared(self) -> bool:
        """Whether several servers may use it."""

    async def open(self) -> None:
        """Open the database.

        :raises DatabaseUnusable: it cannot be opened.
        """

    async def close(self) -> None:
        """Close the database, once everything that runs has ended."""

    async def write(self, work: Callable[[WriterSql], T], /) -> T:
        """Run ``work``, which begins and ends its own transaction, on the writer's own thread, one after the other.

        Where it cannot be known whether a commit is on disk, the process ends.

        :raises StorageUnavailable: ``work`` raised, so nothing was written.
        """

    async def read(self, work: Read[T], /) -> T:
        """Return ``work(connection)``, run on a reader's thread in one snapshot of the database.

        :raises StorageUnavailable: the database could not be read.
        """

    def subscribe_doubt(self, subscriber: Callable[[bool], None], /) -> None:
        """Call ``subscriber`` with True when it is not known whether a commit is there, and with False when it is."""

    @property
    def is_leading(self) -> bool:
        """Whether this process does what one does for all that share the database."""

    async def forget_deleted(self) -> bool:
        """Remove what was deleted from wherever it is still kept, such as a log of what was written.

        :returns: False where others read for so long that it has to be tried again.
        :raises StorageUnavailable: the disk failed.
        """


@runtime_checkable
class Watching(Protocol):
    """An engine that notices by itself that a command beside the server has committed something: SQLite's.

    What is shared by several servers says what they commit: see :class:`chatd.cluster.stream.Commits`.
    """

    def subscribe_foreign(self, subscriber: Callable[[], None], /) -> None:
        """Call ``subscriber`` after another process has committed something."""


def in_list(name: str) -> str:
    """Return SQL for a list of values, to follow ``IN``.

    :param name: of the parameter, whose value is made by :func:`as_list`.
    """
    return f"(SELECT value FROM json_each(:{name}))"


def as_list(values: Iterable[int | str]) -> Any:
    """Return the value of a parameter of :func:`in_list`."""
    return json.dumps(list(values))

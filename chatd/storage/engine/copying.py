"""What is copied from one engine to the other: tables and their rows, with a digest of them."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from chatd.errors import DatabaseUnusable

#: The values of a row, in the order of its table's columns: integers, text, bytes and None.
Values = tuple[Any, ...]

#: How many rows are digested together.
_TOGETHER = 100


class Conflict(DatabaseUnusable):
    """A row has a value that another row of its table has already, and only one may have."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that both engines have."""

    name: str
    columns: tuple[str, ...]
    #: The columns of its primary key, by which its rows are read.
    key: tuple[str, ...]
    #: The column whose values it gives itself, each once; None where it gives none.
    identity: str | None

    def key_of(self, row: Values) -> Values:
        """Return the key of a row."""
        return tuple(row[self.columns.index(column)] for column in self.key)


class Span(NamedTuple):
    """The rows with a key above one and not above another one; None where there is no such bound."""

    above: Values | None = None
    up_to: Values | None = None


#: All rows of a table.
ALL = Span()


class Total(NamedTuple):
    """What was read of a table."""

    rows: int
    #: SHA-256 of the rows in the order of their key, in hexadecimal digits.
    digest: str


class Source(Protocol):
    """A database that is copied."""

    def columns(self) -> dict[str, frozenset[str]]:
        """Return the columns of each table that is copied."""

    def rows(self, table: Table, span: Span = ALL, limit: int | None = None, /) -> Iterator[Values]:
        """Yield rows in the order of their key; they are those of one moment."""

    def last_ids(self, tables: Sequence[Table], /) -> dict[str, int]:
        """Return the highest id that each table with an identity has ever given, 0 for none."""


class Target(Source, Protocol):
    """A new database, of which nothing is there until all of it is."""

    def begin(self) -> None:
        """Look up no reference until :meth:`finish`: the first rows follow."""

    def clear(self, table: Table, span: Span, /) -> None:
        """Remove rows."""

    def add(self, table: Table, rows: Iterable[Values], /) -> None:
        """Add rows, all or none.

        :raises Conflict: one of them cannot be beside what is there.
        """

    def count(self, table: Table, /) -> int:
        """Return how many rows there are."""

    def prepare(self) -> None:
        """Do beforehand what would take long at the end; most rows are there."""

    def finish(self, last_ids: Mapping[str, int], /) -> None:
        """Require that every reference holds, and let each table with an identity go on after an id.

        :raises DatabaseUnusable: a row refers to what is not there.
        """


class Count:
    """How many rows there were, and their digest."""

    def __init__(self) -> None:
        self.rows = 0
        self._hash = hashlib.sha256()

    def add(self, rows: int, text: bytes) -> None:
        """Add some rows, written one after the other."""
        self.rows += rows
        self._hash.update(text)

    @property
    def total(self) -> Total:
        """What was added."""
        return Total(self.rows, self._hash.hexdigest())


class Counted:
    """Rows that are counted and digested as they pass."""

    def __init__(self, rows: Iterable[Values], *more: Count) -> None:
        """Create a passage.

        :param more: to which they are added as well.
        """
        self._rows = iter(rows)
        self._own = Count()
        self._counts = (self._own, *more)
        #: The last row that has passed.
        self.last: Values | None = None

    def __iter__(self) -> Iterator[Values]:
        while rows := list(itertools.islice(self._rows, _TOGETHER)):
            self._take(rows)
            yield from rows

    def drain(self) -> "Counted":
        """Let all rows pass that are left."""
        while rows := list(itertools.islice(self._rows, _TOGETHER)):
            self._take(rows)
        return self

    @property
    def total(self) -> Total:
        """What has passed."""
        return self._own.total

    @property
    def rows(self) -> int:
        """How many rows have passed."""
        return self._own.rows

    def _take(self, rows: Sequence[Values]) -> None:
        text = "".join(map(repr, rows)).encode()
        for each in self._counts:
            each.add(len(rows), text)
        self.last = rows[-1]


def require_same(tables: Sequence[Table], others: Mapping[str, frozenset[str]]) -> None:
    """Compare the tables of both engines, so that nothing stays behind.

    :param others: the columns of each table of the other one.
    :raises DatabaseUnusable: they have other tables or columns.
    """
    columns = {table.name: frozenset(table.columns) for table in tables}
    if differing := {name for name in columns.keys() | others.keys() if columns.get(name) != others.get(name)}:
        raise DatabaseUnusable(f"the two databases have other tables or columns: {', '.join(sorted(differing))}")

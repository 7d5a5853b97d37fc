"""What is copied from one engine to the other: tables and their rows, with a digest of them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from chatd.errors import DatabaseUnusable

#: The values of a row, in the order of its table's columns: integers, text, bytes and None.
Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that both engines have."""

    name: str
    columns: tuple[str, ...]
    #: The columns of its primary key, by which its rows are read.
    key: tuple[str, ...]
    #: The column whose values it gives itself, each once; None where it gives none.
    identity: str | None


class Total(NamedTuple):
    """What was read of a table."""

    rows: int
    #: SHA-256 of the rows in the order of their key, in hexadecimal digits.
    digest: str


class Source(Protocol):
    """A database as it stays for as long as it is copied."""

    def rows(self, table: Table, /) -> Iterator[Values]:
        """Yield the rows of a table in the order of its key, without holding them all."""

    def last_ids(self, tables: Sequence[Table], /) -> dict[str, int]:
        """Return the highest id that each table with an identity has ever given, 0 for none."""


class Target(Source, Protocol):
    """A new database, of which nothing is there until all of it is."""

    def fill(self, table: Table, rows: Iterable[Values], /) -> None:
        """Replace what a table has by ``rows``."""

    def set_last_ids(self, last_ids: Mapping[str, int], /) -> None:
        """Let each table with an identity go on after an id; every table is filled."""


class Counted:
    """Rows that are counted and digested as they pass."""

    def __init__(self, rows: Iterable[Values]) -> None:
        self._rows = rows
        self._count = 0
        self._hash = hashlib.sha256()

    def __iter__(self) -> Iterator[Values]:
        for row in self._rows:
            self._count += 1
            self._hash.update(repr(row).encode())
            yield row

    @property
    def total(self) -> Total:
        """What has passed."""
        return Total(self._count, self._hash.hexdigest())


def total_of(rows: Iterable[Values]) -> Total:
    """Return the count and the digest of rows."""
    counted = Counted(rows)
    for _ in counted:
        pass
    return counted.total


def copy(source: Source, target: Target, tables: Sequence[Table]) -> dict[str, Total]:
    """Copy tables, read back what was written, and return the total of each.

    :param tables: in an order in which each comes after those it refers to.
    :raises DatabaseUnusable: what was read back is not what was copied.
    """
    totals = {}
    for table in tables:
        counted = Counted(source.rows(table))
        target.fill(table, counted)
        totals[table.name] = counted.total
    last_ids = source.last_ids(tables)
    target.set_last_ids(last_ids)
    for table in tables:
        found, expected = total_of(target.rows(table)), totals[table.name]
        if found != expected:
            raise DatabaseUnusable(f"the copy of {table.name} is not what was read: {found} instead of {expected}")
    if (given := target.last_ids(tables)) != last_ids:
        raise DatabaseUnusable(f"the copy would give other ids: after {given} instead of {last_ids}")
    return totals


def require_same(tables: Sequence[Table], others: Mapping[str, frozenset[str]]) -> None:
    """Compare the tables of both engines, so that nothing stays behind.

    :param others: the columns of each table of the other one.
    :raises DatabaseUnusable: they have other tables or columns.
    """
    columns = {table.name: frozenset(table.columns) for table in tables}
    if differing := {name for name in columns.keys() | others.keys() if columns.get(name) != others.get(name)}:
        raise DatabaseUnusable(f"the two databases have other tables or columns: {', '.join(sorted(differing))}")

"""What the SQL of this program asks of a database engine.

The statements are written once, in the dialect that SQLite and PostgreSQL share: named parameters, rows read by name,
``RETURNING``, ``ON CONFLICT``, ``IS DISTINCT FROM``. What the two do differently is a method or a function here.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

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

    def execute(self, sql: str, values: Params = (), /) -> Cursor:
        """Execute one statement."""

    def executemany(self, sql: str, values: Iterable[Params], /) -> Cursor:
        """Execute one statement for each of ``values``; PostgreSQL is slow at it, so for what is rare."""

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], /) -> None:
        """Insert rows.

        :param table: its name.
        :param columns: the columns that are given; the others have their defaults.
        :param rows: the values of each, in the order of ``columns``.
        """


#: Reads from a snapshot.
Read = Callable[[Sql], T]


def in_list(name: str) -> str:
    """Return SQL for the values of a list parameter, to follow ``IN``.

    :param name: of the parameter, to which :func:`as_list` binds the values.
    """
    return f"(SELECT value FROM json_each(:{name}))"


def pairs(name: str) -> str:
    """Return SQL for a list of pairs, to follow ``FROM``: a subquery with the columns ``one`` and ``two``.

    :param name: of the parameter, to which :func:`as_list` binds the pairs.
    """
    return f"(SELECT value ->> 0 AS one, value ->> 1 AS two FROM json_each(:{name}))"


def as_list(values: Iterable[Any]) -> Any:
    """Return the value to bind for a parameter of :func:`in_list` or :func:`pairs`."""
    return json.dumps(list(values))

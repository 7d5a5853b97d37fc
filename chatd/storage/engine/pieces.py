"""Copying tables piece by piece, as often as the source changes.

A piece is a span of a table's keys, some thousand rows. It is read back when it is written, and its digest is kept: who
copies again only reads the source, and writes the pieces whose digest is another one. So the last time, for which the
server is stopped, takes little more than one reading.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.copying import ALL, Conflict, Count, Counted, Source, Span, Table, Target, Total, Values

#: How many rows a piece has when it is made. More would be read and written for one that changed; fewer take longer.
ROWS = 2_000


@dataclass(slots=True)
class _Piece:
    """The rows of a table above the piece before it."""

    #: The highest key that belongs to it; None in the last piece.
    up_to: Values | None
    #: What the target has of it; None where that has to be written.
    total: Total | None


class Copier:
    """Writes what a source has into a target that nobody else writes to."""

    def __init__(self, target: Target, tables: Sequence[Table]) -> None:
        """Create a copier to an empty target."""
        self._target = target
        self._tables = tables
        self._pieces: dict[str, list[_Piece]] = {}
        self._is_prepared = False

    def catch_up(self, source: Source, is_enough: Callable[[], bool] = lambda: False) -> int:
        """Copy what has changed in a source that others write to, and return how many rows were written.

        :param is_enough: asked after each piece that was copied before; ends this early.
        """
        written = 0
        for table in self._tables:
            if table.name not in self._pieces:
                written += self._fill(table, source, is_last=False)
            elif is_enough():
                break
            else:
                self._compare(table, source, is_enough=is_enough)
                written += self._write(table, source, is_last=False, is_enough=is_enough)
        self._prepare()
        return written

    def finish(self, source: Source) -> dict[str, Total]:
        """Copy what has changed in a source that nobody writes to any more, and return the total of each table.

        :raises DatabaseUnusable: the target does not have what was read.
        """
        totals = {}
        for table in self._tables:
            whole = Count()
            if table.name in self._pieces:
                self._compare(table, source, count=whole)
                self._write(table, source, is_last=True)
            else:
                self._fill(table, source, is_last=True, count=whole)
            totals[table.name] = whole.total
            if (found := self._target.count(table)) != whole.rows:
                raise DatabaseUnusable(f"the copy of {table.name} has {found} rows instead of {whole.rows}")
        self._prepare()
        last_ids = source.last_ids(self._tables)
        self._target.finish(last_ids)
        if (given := self._target.last_ids(self._tables)) != last_ids:
            raise DatabaseUnusable(f"the copy would give other ids: after {given} instead of {last_ids}")
        return totals

    def _prepare(self) -> None:
        if not self._is_prepared:
            self._target.prepare()
        self._is_prepared = True

    def _fill(self, table: Table, source: Source, *, is_last: bool, count: Count | None = None) -> int:
        """Copy a table for the first time."""
        if not self._pieces:
            self._target.begin()
        pieces: list[_Piece] = []
        more = () if count is None else (count,)
        self._target.clear(table, ALL)
        above, written = None, 0
        while True:
            rows = Counted(source.rows(table, Span(above), ROWS), *more)
            is_there = self._added(table, rows, is_last=is_last)
            is_full = rows.drain().rows >= ROWS
            assert rows.last is not None or not is_full
            up_to = table.key_of(rows.last) if is_full and rows.last is not None else None
            if is_there:
                self._read_back(table, Span(above, up_to), rows.total)
                written += rows.rows
            pieces.append(_Piece(up_to, rows.total if is_there else None))
            if not is_full:
                break
            above = up_to
        self._pieces[table.name] = pieces
        return written

    def _compare(
        self,
        table: Table,
        source: Source,
        *,
        count: Count | None = None,
        is_enough: Callable[[], bool] = lambda: False,
    ) -> None:
        """Read a table again, and remove the pieces that have changed: of these, rows may have gone elsewhere."""
        more = () if count is None else (count,)
        before, after = self._pieces[table.name], list[_Piece]()
        above = None
        for place, piece in enumerate(before):
            if is_enough():
                after += before[place:]
                break
            rows = Counted(source.rows(table, Span(above, piece.up_to), None if piece.up_to else ROWS), *more).drain()
            has_grown = piece.up_to is None and rows.rows >= ROWS
            if has_grown or rows.total != piece.total:
                self._target.clear(table, Span(above, piece.up_to))
                piece.total = None
            while piece.up_to is None and rows.rows >= ROWS and rows.last is not None:
                above = table.key_of(rows.last)
                after.append(_Piece(above, None))
                rows = Counted(source.rows(table, Span(above), ROWS), *more).drain()
            after.append(piece)
            above = piece.up_to
        self._pieces[table.name] = after

    def _write(
        self, table: Table, source: Source, *, is_last: bool, is_enough: Callable[[], bool] = lambda: False
    ) -> int:
        """Copy the pieces of a table that the target has not."""
        above, written = None, 0
        for piece in self._pieces[table.name]:
            span = Span(above, piece.up_to)
            above = piece.up_to
            if piece.total is None and not is_enough():
                rows = Counted(source.rows(table, span))
                if self._added(table, rows, is_last=is_last):
                    self._read_back(table, span, rows.total)
                    piece.total = rows.total
                    written += rows.rows
                rows.drain()
        return written

    def _added(self, table: Table, rows: Counted, *, is_last: bool) -> bool:
        """Add rows, and return whether that was possible.

        Pieces that were read one after the other while others write may not go together: a name that one has given up
        and another has taken. Those are left for the next time.
        """
        try:
            self._target.add(table, rows)
        except Conflict:
            if is_last:
                raise
            return False
        return True

    def _read_back(self, table: Table, span: Span, expected: Total) -> None:
        if (found := Counted(self._target.rows(table, span)).drain().total) != expected:
            raise DatabaseUnusable(f"the copy of {table.name} is not what was read: {found} instead of {expected}")

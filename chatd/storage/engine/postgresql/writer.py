"""The connection that writes: one transaction after the other, in one order with those of every other process.

Each transaction holds one lock from before its first read to its commit, and takes the next number of a table of
commits. What holds of one writer so holds of all of them. A commit whose answer is lost is looked up by its token.
"""

import base64
import contextlib
import logging
import secrets
import threading
from collections.abc import Callable
from typing import NamedTuple

import psycopg

from chatd.errors import StorageUnavailable
from chatd.storage.engine import Versions
from chatd.storage.engine.postgresql import lineage
from chatd.storage.engine.postgresql.connections import (
    PATIENCE,
    TAKES_WRITES,
    WRITER_SETTINGS,
    Unanswered,
    connect,
    local_settings,
)
from chatd.storage.engine.postgresql.faults import is_storage_fault, reason
from chatd.storage.engine.postgresql.lock import END_STOPPED, TAKE_LOCK, locked, note_ended
from chatd.storage.engine.postgresql.sql import Connection

log = logging.getLogger(__name__)

#: Where commits are announced.
CHANNEL = "chatd_commits"

#: How long an announcement may be to carry its events, in bytes: NOTIFY refuses 8,000.
INLINE = 7_900

#: How often to look for a server while it is not known whether it has committed, in seconds.
DOUBT_INTERVAL = 0.2

#: A statement of its own: in the one that waits for the lock this would be as it was before the wait.
_HEAD = f"SELECT coalesce(max(number), 0), {TAKES_WRITES} FROM commits"

_RECORD = """
    INSERT INTO commits (number, token, writer, events) VALUES (:number, :token, :writer, :events)
"""

_FIND = "SELECT number FROM commits WHERE number > :after AND token = :token"


class InDoubt(StorageUnavailable):
    """The process ends while it is not known whether a commit is there: nobody may be answered."""


class NotDurable(psycopg.OperationalError):
    """It is committed, but the server warns that it is not where it should be."""


class _Announced(NamedTuple):
    """The commit that is under way."""

    number: int
    token: bytes


class Writer(Connection):
    """A :class:`chatd.storage.engine.WriterSql`."""

    def __init__(
        self,
        url: str,
        name: str,
        *,
        is_pooled: bool = False,
        lossless: bool = False,
        closing: threading.Event | None = None,
        doubting: Callable[[bool], None] = lambda is_doubted: None,
    ) -> None:
        """Create a connection that :meth:`begin` opens.

        :param name: of the process, among those that write.
        :param is_pooled: whether a pooler is at ``url``.
        :param lossless: see :func:`lineage.verify`.
        :param closing: set when the process ends, and a commit in doubt is given up.
        :param doubting: called on this thread when a commit comes into doubt, and when it is known what became of it.
        """
        self._local = local_settings(WRITER_SETTINGS) if is_pooled else ""
        super().__init__(
            lambda: connect(url, WRITER_SETTINGS, patience=PATIENCE, is_pooled=is_pooled), local=self._local
        )
        self.name = name
        #: The number of the newest commit this connection knows, which is its own after :meth:`commit`.
        self.number = 0
        self._lossless = lossless
        self._closing = closing or threading.Event()
        self._doubting = doubting
        #: How many times it was opened.
        self.connections = 0
        self._others = 0
        self._announced: _Announced | None = None
        self._warning = ""

    def open(self) -> None:
        """Connect, and see which PostgreSQL it is. Before, nothing is known of what others have committed."""
        super().open()
        assert self.raw is not None
        self.raw.add_notice_handler(self._heed)
        self.connections += 1
        with locked(self.raw, self._local):
            lineage.verify(self.raw, lossless=self._lossless)

    def begin(self) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.begin`; connects first where the connection was lost."""
        self._announced = None
        was_open = self.is_open
        if not was_open:
            self.open()
        try:
            number = self._begin()
        except psycopg.Error as error:
            if not was_open or not self.is_lost(error) or isinstance(error, Unanswered):
                raise
            self.open()  # the server has restarted meanwhile, and nothing was begun
            number = self._begin()
        if number != self.number:
            self._others += 1
            self.number = number

    def record(self, events: bytes | None) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.record`."""
        number, token = self.number + 1, secrets.token_bytes(16)
        values = {"number": number, "token": token, "writer": self.name, "events": events}
        self.execute(_RECORD, values)
        self.execute(
            "SELECT pg_notify(:channel, :text)", {"channel": CHANNEL, "text": _announcement(number, self.name, events)}
        )
        self._announced = _Announced(number, token)

    def commit(self) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.commit`.

        :raises InDoubt: the process ends, and it is not known.
        """
        self._warning = ""
        try:
            done = self.execute("COMMIT")
            self.settle()
        except psycopg.Error as error:
            if self._announced is None or (self.is_open and not is_storage_fault(error)):
                raise
            self.close()
            self._doubting(True)
            is_committed = self._is_committed(self._announced, error)
            self._doubting(False)
            if not is_committed:
                raise
        else:
            if done.statusmessage != "COMMIT":
                raise psycopg.OperationalError(f"the transaction was ended by {done.statusmessage}")
            if self._warning:
                raise NotDurable(self._warning)
        if self._announced is not None:
            self.number = self._announced.number

    def rollback(self) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.rollback`."""
        if self.is_open:
            try:
                self._forget_errors()
                self.execute("ROLLBACK")
                self.settle()
            except psycopg.Error:
                self.close()

    def savepoint(self) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.savepoint`."""
        self.execute("SAVEPOINT work")

    def undo(self) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.undo`."""
        self._forget_errors()
        self.execute("ROLLBACK TO SAVEPOINT work")

    def release(self) -> None:
        """See :meth:`chatd.storage.engine.WriterSql.release`; waits for the work's statements."""
        self.execute("RELEASE SAVEPOINT work")
        self.settle()

    def foreign_version(self) -> int:
        """See :meth:`chatd.storage.engine.WriterSql.foreign_version`."""
        return self.connections

    def others_version(self) -> int:
        """See :meth:`chatd.storage.engine.WriterSql.others_version`."""
        return self._others

    def own_versions(self) -> Versions:
        """See :meth:`chatd.storage.engine.WriterSql.own_versions`."""
        (row,) = self.execute("SELECT users, blocks, members FROM generations").fetchall()
        return Versions(*row)

    def is_lost(self, error: Exception) -> bool:
        """See :meth:`chatd.storage.engine.WriterSql.is_lost`."""
        return is_storage_fault(error) or not self.is_open

    def find(self, token: bytes, after: int) -> int | None:
        """Return the number of the commit with a token, above a number; None where there is none.

        A transaction that has not ended yet holds the lock, and is waited for.
        """
        if not self.is_open:
            self.open()
        self._begin()
        row = self.execute(_FIND, {"token": token, "after": after}).fetchone()
        self.execute("COMMIT")
        self.settle()
        return None if row is None else int(row["number"])

    def _begin(self) -> int:
        """Begin a transaction under the lock, and return the number of the newest commit."""
        while True:
            self.begin_transaction()
            self.execute(TAKE_LOCK)
            try:
                ((number, takes_writes),) = self.execute(_HEAD).fetchall()
                if not takes_writes:
                    raise psycopg.errors.ReadOnlySqlTransaction("the server takes no writes any more")
                return int(number)
            except psycopg.errors.LockNotAvailable:
                self.rollback()
                if not self.is_open:
                    raise
                note_ended(len(self.execute(END_STOPPED).fetchall()))

    def _is_committed(self, announced: _Announced, error: Exception) -> bool:
        """Report whether a commit is there whose answer was lost, as soon as there is a server to ask."""
        log.warning(
            "the connection was lost in a commit, which is looked up: %s",
            reason(error),
            extra={"event": "commit_doubted"},
        )
        while True:
            try:
                found = self.find(announced.token, announced.number - 1)
            except psycopg.Error as again:
                self.close()
                if self._closing.wait(DOUBT_INTERVAL):
                    raise InDoubt from again
                continue
            log.info("the commit is %s", "there" if found else "not there", extra={"event": "commit_settled"})
            return found is not None

    def _forget_errors(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self.settle()

    def _heed(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._warning = notice.message_primary or "a warning"


def _announcement(number: int, writer: str, events: bytes | None) -> str:
    """Return what is told of a commit: its number, who made it, and its events where there is room for them."""
    inline = "" if events is None else base64.b64encode(events).decode()
    text = f"{number} {writer} {inline}"
    return text if events is not None and len(text) <= INLINE else f"{number} {writer}"

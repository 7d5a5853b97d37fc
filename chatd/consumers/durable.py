"""The base of consumers that go on where they were after a crash."""

import asyncio
import logging
from collections.abc import Sequence

from chatd.consumers.consumer import Consumer
from chatd.events import Change, Event
from chatd.models import LogEntry
from chatd.storage import change_log, cursors
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql

log = logging.getLogger(__name__)

#: How many changes are handled before the cursor is stored.
STEP = 100

#: How long to wait before a step that failed is repeated, in seconds.
RETRY_AFTER = 5.0


class DurableConsumer(Consumer):
    """Reads the change log at its own pace and keeps its cursor in the database.

    Each change is handled at least once and in order. The cursor is stored after the work, so a crash between the two
    repeats up to a step of changes, and :meth:`handle` has to bear that. A step that fails is repeated until it
    succeeds; nothing is skipped.

    The log is pruned without regard to consumers. One that is behind the pruned part is told so by :meth:`resync`.

    At its first start ever a consumer begins at the end of the log.
    """

    kinds = (Change,)

    def __init__(self, db: Database, *, step: int = STEP, retry_after: float = RETRY_AFTER) -> None:
        """Create a consumer.

        :param step: how many changes it takes at once, at most.
        :param retry_after: how long it waits after a failure, in seconds.
        """
        super().__init__()
        self._db = db
        self._step = step
        self._retry_after = retry_after
        self._cursor: int | None = None
        self._wake = asyncio.Event()

    async def handle(self, entries: Sequence[LogEntry]) -> None:
        """Handle changes, oldest first; the same ones may come again after a crash or a failure.

        They are rows of the log as they were written. Whom they may reach, and as what, is for
        :mod:`chatd.storage.visibility` to say.
        """
        raise NotImplementedError

    async def resync(self) -> None:
        """Do without the changes that were pruned before they were handled; what follows is from now on."""
        raise NotImplementedError

    @property
    def cursor(self) -> int | None:
        """The ``seq`` up to which everything is done; None before the start."""
        return self._cursor

    def consume(self, event: Event) -> None:
        """Wake up."""
        self._wake.set()

    def notice(self) -> None:
        """Wake up."""
        self._wake.set()

    async def start(self) -> None:
        """Go on from the stored cursor."""
        name = self.name

        def begin(tx: Transaction) -> int:
            cursor = cursors.get(tx.db, name)
            if cursor is None:
                cursor = change_log.head(tx.db)
                cursors.put(tx.db, name, cursor)
            return cursor

        self._cursor = await self._db.write(begin)
        self._wake.set()
        self.spawn(self._follow())

    async def _follow(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                while await self._take_step():
                    pass
            except Exception:
                log.exception(
                    "%s could not handle a change", self.name, extra={"event": "consumer_failed", "consumer": self.name}
                )
                self._wake.set()
                await asyncio.sleep(self._retry_after)

    async def _take_step(self) -> bool:
        """Handle the next changes, store the cursor, and report whether there may be more."""
        assert self._cursor is not None
        since, step = self._cursor, self._step

        def read(db: Sql) -> tuple[int, int, list[LogEntry]]:
            return change_log.pruned_up_to(db), change_log.head(db), change_log.since(db, since, step)

        pruned_up_to, head, entries = await self._db.read(read)
        if since < pruned_up_to:
            log.warning(
                "%s was behind the pruned part of the change log",
                self.name,
                extra={"event": "consumer_resynced", "consumer": self.name, "seq": since, "pruned_seq": pruned_up_to},
            )
            await self.resync()
            await self._store(head)
            return True
        if not entries:
            return False
        await self.handle(entries)
        await self._store(entries[-1].seq)
        return len(entries) == step

    async def _store(self, seq: int) -> None:
        name = self.name
        await self._db.write(lambda tx: cursors.put(tx.db, name, seq))
        self._cursor = seq

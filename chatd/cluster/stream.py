"""The stream of commits: every commit of every process, in order, published here once.

A notification is a hint, the table of commits the truth: what is missing is read there, and it is looked at even where
nothing is heard, as a subscription may die without a word.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from chatd.cluster.background import Background
from chatd.cluster.encoding import Undecodable, decode
from chatd.cluster.order import UNSAID, Behind, Order, Settle
from chatd.errors import StorageUnavailable
from chatd.events import Event
from chatd.storage import change_log
from chatd.storage.cluster import commits
from chatd.storage.engine import Hint, Read, Sql, Told

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How long a missing number may still arrive by itself, in seconds: notifications come in order, our own answers not.
GAP_PATIENCE = 0.02

#: How often the table is looked at where nothing was told, in seconds.
LOOK_INTERVAL = 0.25

#: How often it is looked at anyway, in seconds: the epoch may have changed.
LOOK_ANYWAY = 2.0

#: How many commits one read brings.
PAGE = 200

#: How long a read may take before the database counts as away, in seconds.
READ_PATIENCE = 5.0

#: How long the database may be away before all sockets are closed, in seconds.
OUTAGE_PATIENCE = 30.0


class Commits(Protocol):
    """The table of commits, and the notifications of them."""

    @property
    def name(self) -> str:
        """The name under which this process commits."""

    async def read(self, work: Read[T], /) -> T:
        """Read from the database.

        :raises StorageUnavailable: the database cannot be reached.
        """

    async def after(self, number: int, limit: int, /) -> list[Told]:
        """Return the oldest commits above ``number`` that are kept, ascending.

        :raises StorageUnavailable: the database cannot be reached.
        """

    def listen(self, heard: Callable[[Sequence[Hint]], None], lost: Callable[[], None], /) -> None:
        """Call ``heard`` on the event loop with what is notified, and ``lost`` when some of it may have been missed."""


class Stream:
    """Follows the commits of all processes."""

    def __init__(
        self,
        table: Commits,
        publish: Callable[[Event], None],
        *,
        unsaid: Callable[[], None],
        returned: Callable[[], Awaitable[None]],
        left_behind: Callable[[], None],
        lost: Callable[[], None] = lambda: None,
        look_interval: float = LOOK_INTERVAL,
        outage_patience: float = OUTAGE_PATIENCE,
    ) -> None:
        """Create a stream that :meth:`start` starts.

        :param publish: called with each event of another process.
        :param unsaid: called after a commit that does not say what happened.
        :param returned: awaited after the database was out of reach, before anything is published again.
        :param left_behind: called where commits were missed for good, or the database was away for too long: whoever
            is connected has to load everything again.
        :param lost: called when the database is out of reach, or notifications of it may have been missed.
        :param look_interval: how often the table is looked at where nothing was told, in seconds.
        :param outage_patience: how long the database may be away before ``left_behind`` is called, in seconds.
        """
        self._commits = table
        self._publish = publish
        self._unsaid = unsaid
        self._came_back = returned
        self._left_behind = left_behind
        self._tell_lost = lost
        self._look_interval = look_interval
        self._outage_patience = outage_patience
        self._order: Order | None = None
        self._epoch = ""
        self._following = Background(self._follow)
        self._gap_timer: asyncio.TimerHandle | None = None
        self._look = asyncio.Event()
        self._is_held = False
        #: How often notifications may have been missed.
        self._losses = 0
        self._has_told = False
        #: How many commits of other processes were told.
        self.foreign = 0
        #: How many times the table was read because something was missing.
        self.gaps = 0

    async def start(self) -> None:
        """Begin after the newest commit there is.

        :raises StorageUnavailable: the database cannot be reached.
        """
        self._commits.listen(self._hear, self._lost)
        self._epoch, head = await self._commits.read(_position)
        self._order = Order(self._commits.name, head)
        self._following.start()

    async def stop(self) -> None:
        """Stop following. Our own commits are settled at once from now on."""
        await self._following.stop()
        if self._gap_timer is not None:
            self._gap_timer.cancel()
        self._skip_to_newest()

    @property
    def lag(self) -> int:
        """How many commits are known to be there that have not been told here."""
        return self._order.newest - self._order.told if self._order else 0

    def begin(self) -> None:
        """Note that a commit of our own is on its way."""
        if self._order is not None:
            self._order.begin()

    def end(self, number: int | None, settle: Settle) -> None:
        """Settle our own commit in its turn; see :meth:`Order.end`."""
        if self._order is None or not self._following.is_running:
            settle()
            return
        self._order.end(number, settle)
        self._tell()

    def _hear(self, hints: Sequence[Hint]) -> None:
        if self._order is not None:
            self._order.hear(hints)
            self._tell()

    def _lost(self) -> None:
        """Hold what comes until it is known what was missed."""
        self._is_held = True
        self._losses += 1
        self._tell_lost()
        self._look.set()

    def _tell(self) -> None:
        """Tell what may be told now, and look at the table soon if something is missing."""
        order = self._order
        assert order is not None
        if self._is_held:
            _settle_all(order.uncommitted())  # the callers are told that nothing can be stored
            return
        for item in order.ready():
            if isinstance(item, bytes):
                self._has_told = True
                self.foreign += 1
                self._publish_all(item)
            else:
                _settle_all(item)
        if not order.is_behind:
            if self._gap_timer is not None:
                self._gap_timer.cancel()
                self._gap_timer = None
        elif order.is_unread:
            self._look.set()
        elif self._gap_timer is None:
            self._gap_timer = asyncio.get_running_loop().call_later(GAP_PATIENCE, self._miss)

    def _miss(self) -> None:
        self._gap_timer = None
        if self._order is not None and self._order.is_behind:
            self.gaps += 1
            self._look.set()

    def _publish_all(self, data: bytes) -> None:
        if data == UNSAID:
            self._unsaid()
            return
        try:
            told = decode(data)
        except Undecodable as error:
            log.error("a commit of another process was not understood: %s", error, extra={"event": "commit_unreadable"})
            self._left_behind()
            return
        for event in told:
            self._publish(event)

    async def _follow(self) -> None:
        """Look at the table whenever something is missing, and from time to time where nothing was told."""
        loop = asyncio.get_running_loop()
        reached_at = loop.time()
        has_given_up = False
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_interval):
                    await self._look.wait()
            self._look.clear()
            is_behind = self._is_held or (self._order is not None and self._order.is_behind)
            if self._has_told and not is_behind and loop.time() - reached_at < LOOK_ANYWAY:
                self._has_told = False
                continue
            self._has_told = False
            try:
                async with asyncio.timeout(READ_PATIENCE):
                    await self._read()
            except (StorageUnavailable, TimeoutError):
                if not self._is_held:
                    self._is_held = True
                    self._tell_lost()
                if loop.time() - reached_at > self._outage_patience and not has_given_up:
                    has_given_up = True
                    log.error("the database is away: all sockets are closed", extra={"event": "outage_too_long"})
                    self._left_behind()
                    self._skip_to_newest()
                await asyncio.sleep(self._look_interval)
            except Exception:
                log.exception("the table of commits could not be read", extra={"event": "commits_unreadable"})
                await asyncio.sleep(self._look_interval)
            else:
                reached_at, has_given_up = loop.time(), False

    async def _read(self) -> None:
        """Read what comes next and tell it; after an outage, first learn which sessions have ended."""
        order = self._order
        assert order is not None
        losses = self._losses
        if self._is_held:
            await self._came_back()
        told = order.told  # while this waits, more may be told
        epoch, head = await self._commits.read(_position)
        if epoch != self._epoch or head < told:
            log.error("the change log is another one: all sockets are closed", extra={"event": "log_replaced"})
            self._left_behind()
            self._skip_to_newest()
            order.begin_again(head)
            self._epoch = epoch
        rows = await self._commits.after(order.told, PAGE)
        self._is_held = self._losses > losses  # lost once more meanwhile: what has ended since is looked at first
        missed = [row for row in rows if row.number > order.told]
        try:
            order.read(missed)
        except Behind:
            log.error("commits were missed: all sockets are closed", extra={"event": "commits_missed"})
            self._left_behind()
            self._skip_to(missed[0].number - 1)
            order.read(missed)
        self._tell()
        if len(rows) == PAGE:
            self._look.set()

    def _skip_to_newest(self) -> None:
        if self._order is not None:
            self._skip_to(self._order.newest)

    def _skip_to(self, number: int) -> None:
        assert self._order is not None
        _settle_all(self._order.skip_to(number))


def _position(db: Sql) -> tuple[str, int]:
    """Return the epoch and the highest number. No commit of another epoch is there before the epoch is."""
    return change_log.epoch(db), commits.head(db)


def _settle_all(settles: Iterable[Settle]) -> None:
    for settle in settles:
        settle()

"""The copies of the database that the server makes by itself: one after the other, and the oldest goes."""

import asyncio
import concurrent.futures
import datetime as dt
import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from chatd.clock import Clock
from chatd.errors import BackupFailed
from chatd.storage.engine.sqlite.backup import Backup, back_up, last_proven_at, remove_leftovers

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How long a server has run before it makes its first backup, in seconds.
SETTLING = 60.0

#: How soon a backup that failed is tried again, in seconds.
RETRY = 15 * 60.0

#: How often it is looked whether one is due, in seconds: a machine may have slept meanwhile.
LOOK = 60.0

#: How long a backup that is abandoned, as the server stops, has to take its file away, in seconds.
PATIENCE = 1.0

#: What a backup leaves free of the disk that the database is on: this part of it, but no more than this many bytes.
RESERVE_PART, RESERVE_MAX = 0.1, 1024**3

#: How far the clock may be behind the name of a file before that name is taken for wrong, in milliseconds.
_SLACK_MS = 60_000

_NAME = "chatd-%Y%m%dT%H%M%SZ.db"

#: The shortest time between two backups, in seconds: their names count in seconds.
_SOONEST = 1.0


class Backups:
    """Makes backups for as long as the server runs."""

    def __init__(self, database: Path, directory: Path, clock: Clock, *, every_hours: float, keep: int) -> None:
        """Create what :meth:`run` runs.

        :param database: the database file.
        :param directory: where the backups are.
        :param every_hours: the time between two; 0 for none.
        :param keep: how many are kept.
        """
        self._database = database
        self._directory = directory
        self._clock = clock
        self._every = max(every_hours * 3600, _SOONEST) if every_hours else 0.0
        self._keep = keep

    @property
    def last_proven_at(self) -> int | None:
        """When a backup was last proven, by the server or by ``chatd backup``, in UTC milliseconds since 1970."""
        return last_proven_at(self._database)

    async def run(self) -> None:
        """Make backups when they are due, until this is cancelled."""
        if not self._every:
            return
        clock = asyncio.get_running_loop().time
        retry_at = clock() + min(SETTLING, self._every)
        while True:
            wait = max(await _aside(self._due_in), retry_at - clock())
            if wait > 0:
                await asyncio.sleep(min(wait, LOOK))
            elif not await self._attempt():
                retry_at = clock() + min(RETRY, self._every)

    async def _attempt(self) -> bool:
        """Make a backup, and tell whether that succeeded."""
        abandon = threading.Event()
        working = asyncio.create_task(_aside(lambda: self._back_up(abandon)))
        try:
            made = await asyncio.shield(working)
        except asyncio.CancelledError:
            abandon.set()
            await asyncio.wait({working}, timeout=PATIENCE)
            if working.done():
                _ = working.exception()  # which is what was asked for
            raise
        except BackupFailed as error:
            log.error("the backup failed: %s", error, extra={"event": "backup_failed"})
        except Exception:
            log.exception("the backup failed", extra={"event": "backup_failed"})
        else:
            log.info(
                "a backup is proven",
                extra={
                    "event": "backup_proven",
                    "path": str(made.path),
                    "bytes": made.size,
                    "users": made.rows["users"],
                    "messages": made.rows["messages"],
                },
            )
            return True
        return False

    def _back_up(self, abandon: threading.Event) -> Backup:
        now = dt.datetime.fromtimestamp(self._clock() // 1000, dt.UTC)
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            remove_leftovers(self._directory)
            reserve = min(int(shutil.disk_usage(self._directory).total * RESERVE_PART), RESERVE_MAX)
            made = back_up(self._database, self._directory / now.strftime(_NAME), reserve=reserve, abandon=abandon)
            old = self._existing()[self._keep :]
        except OSError as error:
            raise BackupFailed(f"the directory {self._directory} cannot be used: {error.strerror}") from error
        for path in old:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.error(
                    "the old backup %s cannot be removed: %s",
                    path,
                    error.strerror,
                    extra={"event": "backup_not_removed"},
                )
        return made

    def _due_in(self) -> float:
        """Return in how many seconds a backup is due; not above 0: now."""
        now = self._clock()
        try:
            times = [time for time in map(_time, self._existing()) if time <= now + _SLACK_MS]
        except OSError:  # trying will show what is wrong
            return 0.0
        return (max(times) - now) / 1000 + self._every if times else 0.0

    def _existing(self) -> list[Path]:
        """Return the backups there are, the newest first; one from the future was made by a clock that was wrong."""
        latest = self._clock() + _SLACK_MS

        def age(path: Path) -> int:
            return -_time(path) if _time(path) <= latest else 0

        return sorted(filter(_time, self._directory.glob("chatd-*.db")), key=age)


def _time(path: Path) -> int:
    """Return when a backup was made as its name says, in UTC milliseconds since 1970; 0 for other files."""
    try:
        made = dt.datetime.strptime(path.name, _NAME).replace(tzinfo=dt.UTC)
    except ValueError:
        return 0
    return int(made.timestamp() * 1000)


async def _aside(work: Callable[[], T]) -> T:
    """Return ``work()``, called on a thread that nobody waits for when the process ends, be its disk ever so slow."""
    outcome: concurrent.futures.Future[T] = concurrent.futures.Future()

    def call() -> None:
        outcome.set_running_or_notify_cancel()
        try:
            outcome.set_result(work())
        except Exception as error:
            outcome.set_exception(error)

    threading.Thread(target=call, name="backup", daemon=True).start()
    return await asyncio.wrap_future(outcome)

"""Backups that the server makes by itself; the oldest ones are removed."""

import asyncio
import concurrent.futures
import datetime as dt
import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from chatd.clock import Clock
from chatd.errors import BackupFailed
from chatd.storage.engine.sqlite.backup import Backup, back_up, last_proven_at, remove_leftovers

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """When backups are made, in seconds."""

    #: How long a server runs before its first backup.
    settling: float = 60.0
    #: How soon a failed backup is tried again.
    retry: float = 15 * 60.0
    #: How often to check whether one is due: a machine may have slept meanwhile.
    look: float = 60.0


#: How long a stopping server waits for an abandoned backup to remove its file, in seconds.
PATIENCE = 1.0

#: How much of the disk a backup leaves free: this fraction of it, but at most this many bytes.
RESERVE_PART, RESERVE_MAX = 0.1, 1024**3

#: How far in the future a file's name may lie before it is taken for the work of a wrong clock, in milliseconds.
_SLACK_MS = 60_000

_NAME = "chatd-%Y%m%dT%H%M%SZ.db"

#: The shortest time between two backups, in seconds, as their names have no fractions.
_SOONEST = 1.0


class Backups:
    """Makes backups for as long as the server runs."""

    def __init__(
        self,
        database: Path,
        directory: Path,
        clock: Clock,
        *,
        every_hours: float,
        keep: int,
        pace: Pace = Pace(),
        reserve_max: int = RESERVE_MAX,
    ) -> None:
        """Create the service; :meth:`run` runs it.

        :param database: the database file.
        :param directory: where the backups are.
        :param every_hours: the time between two backups; 0 for none.
        :param keep: how many to keep.
        :param pace: when the first is made, a failed one retried, and the clock looked at.
        :param reserve_max: the most disk space that a backup leaves free, in bytes.
        """
        self._pace = pace
        self.reserve_max = reserve_max
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
        retry_at = clock() + min(self._pace.settling, self._every)
        while True:
            wait = max(await _aside(self._due_in), retry_at - clock())
            if wait > 0:
                await asyncio.sleep(min(wait, self._pace.look))
            elif not await self._attempt():
                retry_at = clock() + min(self._pace.retry, self._every)

    async def _attempt(self) -> bool:
        """Make a backup, and report whether it succeeded."""
        abandon = threading.Event()
        working = asyncio.create_task(_aside(lambda: self._back_up(abandon)))
        try:
            made = await asyncio.shield(working)
        except asyncio.CancelledError:
            abandon.set()
            await asyncio.wait({working}, timeout=PATIENCE)
            if working.done():
                _ = working.exception()  # it fails because it was told to stop
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
            reserve = min(int(shutil.disk_usage(self._directory).total * RESERVE_PART), self.reserve_max)
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
        """Return the seconds until a backup is due; it is due now if they are not above 0."""
        now = self._clock()
        try:
            times = [time for time in map(_time, self._existing()) if time <= now + _SLACK_MS]
        except OSError:  # the attempt will show what is wrong
            return 0.0
        return (max(times) - now) / 1000 + self._every if times else 0.0

    def _existing(self) -> list[Path]:
        """Return the backups, newest first; those from the future, made by a wrong clock, come last."""
        latest = self._clock() + _SLACK_MS

        def age(path: Path) -> int:
            return -_time(path) if _time(path) <= latest else 0

        return sorted(filter(_time, self._directory.glob("chatd-*.db")), key=age)


def _time(path: Path) -> int:
    """Return when a backup was made, by its name, in UTC milliseconds since 1970; 0 for other files."""
    try:
        made = dt.datetime.strptime(path.name, _NAME).replace(tzinfo=dt.UTC)
    except ValueError:
        return 0
    return int(made.timestamp() * 1000)


async def _aside(work: Callable[[], T]) -> T:
    """Call ``work`` on a thread of its own and return its result; a process can end without waiting for that thread."""
    outcome: concurrent.futures.Future[T] = concurrent.futures.Future()

    def call() -> None:
        if not outcome.set_running_or_notify_cancel():  # the server stopped before the thread began
            return
        try:
            outcome.set_result(work())
        except Exception as error:
            outcome.set_exception(error)

    threading.Thread(target=call, name="backup", daemon=True).start()
    return await asyncio.wrap_future(outcome)

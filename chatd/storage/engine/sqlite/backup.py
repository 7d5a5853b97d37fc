"""Backups: copies of the database, made beside the running server and verified before they get their name."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chatd.data_dir import give_name, hand_over
from chatd.errors import BackupFailed, DatabaseUnusable
from chatd.storage.engine.sqlite.migrate import current_version
from chatd.storage.engine.sqlite.sql import Connection

#: How many pages (of 4 KiB) to copy before they are synced. Left to the kernel, a large copy is written all at once,
#: and the server's commits wait behind it.
STEP_PAGES = 1024

#: How much of the database's disk a backup leaves free, in bytes: as much as the write-ahead log may take.
RESERVE = 64 * 1024 * 1024

#: The suffix of an unfinished backup.
PARTIAL_SUFFIX = ".partial"

#: After this long without a change, in seconds, a partial file is abandoned.
PARTIAL_AGE = 3600.0

#: Touched by every verified backup, so its modification time is that of the last one.
MARKER_FILE = "last-backup"


@dataclass(frozen=True, slots=True)
class Backup:
    """A verified copy."""

    path: Path
    size: int
    #: The number of rows of each table, by name.
    rows: Mapping[str, int]


def back_up(database: Path, target: Path, *, reserve: int = RESERVE, abandon: threading.Event | None = None) -> Backup:
    """Copy ``database`` as it is now to ``target``; the server can go on writing and does not wait.

    The copy is made in one snapshot, read back from the disk, checked and counted, and only then named ``target``. If
    anything fails before, there is no ``target``.

    :param reserve: how many bytes to leave free if the copy is on the same disk as the database.
    :param abandon: stops the backup soon after it is set.
    :raises BackupFailed: with one line that says why. There is no copy.
    """
    abandon = abandon or threading.Event()
    try:
        if not current_version(database):
            raise BackupFailed(f"there is no database at {database}")
        if os.path.lexists(target):
            raise BackupFailed(f"{target} is already there: name a file that is not")
        _check_room(database, target, reserve)
        with _partial(target) as (partial, descriptor):
            expected = _copy(database, partial, descriptor, abandon)
            rows = _prove(partial, f"the copy of {database}", expected, abandon)
            size = partial.stat().st_size
            give_name(partial, target)
        _mark(database)
    except (DatabaseUnusable, sqlite3.Error, OSError) as error:
        if abandon.is_set():
            raise BackupFailed("it was abandoned") from error
        raise BackupFailed(_reason(error, target)) from error
    return Backup(target, size, rows)


def last_proven_at(database: Path) -> int | None:
    """Return when the last backup of ``database`` was verified, in UTC milliseconds since 1970, or None."""
    try:
        return database.with_name(MARKER_FILE).stat().st_mtime_ns // 1_000_000
    except OSError:
        return None


def opened(path: Path, mode: str = "ro") -> Connection:
    """Open a file without ever checkpointing it: only the server may, or writes could be lost.

    A read-only connection does not checkpoint even if it is the last to close.
    """
    db = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        factory=Connection,
    )
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("PRAGMA busy_timeout = 5000")
    return db


def remove_leftovers(directory: Path) -> None:
    """Remove the partial files of backups whose process died."""
    for partial in directory.glob(f".*{PARTIAL_SUFFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - partial.stat().st_mtime > PARTIAL_AGE:
                partial.unlink()


def _check_room(database: Path, target: Path, reserve: int) -> None:
    directory = target.parent
    if not directory.is_dir():
        raise BackupFailed(f"there is no directory {directory}")
    needed = database.stat().st_size
    with contextlib.suppress(FileNotFoundError):
        needed += database.with_name(f"{database.name}-wal").stat().st_size
    if directory.stat().st_dev == database.stat().st_dev:
        needed += reserve
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise BackupFailed(f"the disk of {directory} is too full: {_mib(needed)} must be free, and {_mib(free)} are")


@contextlib.contextmanager
def _partial(target: Path) -> Iterator[tuple[Path, int]]:
    """Create an empty file beside ``target`` that only its owner can read, and remove it in the end if it is left."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=PARTIAL_SUFFIX, dir=target.parent)
    partial = Path(name)
    try:
        yield partial, descriptor
    finally:
        os.close(descriptor)
        for suffix in ("", "-journal", "-wal", "-shm"):
            partial.with_name(partial.name + suffix).unlink(missing_ok=True)


def _copy(database: Path, partial: Path, descriptor: int, abandon: threading.Event) -> dict[str, int]:
    """Copy the database to ``partial``, sync it, and return the number of rows of each table."""

    def step(*_: int) -> None:
        _go_on(abandon)
        os.fdatasync(descriptor)

    with contextlib.closing(opened(database)) as source, contextlib.closing(opened(partial, "rw")) as copy:
        # One snapshot for all steps. Without it, each commit of the server would restart the copy.
        source.execute("BEGIN")
        source.set_progress_handler(abandon.is_set, 100_000)
        rows = _count(source)
        copy.execute("PRAGMA synchronous = OFF")
        source.backup(copy, pages=STEP_PAGES, progress=step)
        source.execute("COMMIT")
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    os.fsync(descriptor)
    return rows


def _prove(partial: Path, name: str, expected: Mapping[str, int], abandon: threading.Event) -> dict[str, int]:
    """Read everything back from the disk, check it, and return the number of rows of each table.

    :param name: what to call the copy.
    :raises BackupFailed: it does not have the expected number of rows.
    :raises DatabaseUnusable: it is damaged.
    """
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)  # or the page cache would be checked, not the disk
    finally:
        os.close(descriptor)
    with contextlib.closing(opened(partial)) as copy:
        copy.set_progress_handler(abandon.is_set, 100_000)
        check(copy, name)
        rows = _count(copy)
    _go_on(abandon)
    if rows != expected:
        raise BackupFailed(f"{name} has {rows} rows where it should have {expected}")
    return rows


def check(db: sqlite3.Connection, name: str) -> None:
    """Check everything in ``db``.

    :param name: what to call it.
    :raises DatabaseUnusable: it is damaged.
    """
    check_pages(db, name)
    check_references(db, name)


def check_pages(db: sqlite3.Connection, name: str) -> None:
    """Check the pages of ``db``, and that its indexes have what its tables have; see :func:`check`."""
    try:
        (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise
        verdict = str(error)
    if verdict != "ok":
        raise DatabaseUnusable(f"{name} is damaged: {' '.join(verdict.split())}")


def check_references(db: sqlite3.Connection, name: str) -> None:
    """Check that all that rows refer to is there; see :func:`check`."""
    if (row := db.execute("PRAGMA foreign_key_check").fetchone()) is not None:
        raise DatabaseUnusable(f"{name} is damaged: {row[0]} refers to what is not in {row[2]}")


def _count(db: sqlite3.Connection) -> dict[str, int]:
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {table: db.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}


def _mark(database: Path) -> None:
    """Record that a backup has just been verified."""
    marker = database.with_name(MARKER_FILE)
    partial = marker.with_name(f"{MARKER_FILE}.{os.getpid()}")
    with contextlib.suppress(
        OSError
    ):  # not everybody who can read the database can write beside it; the backup is as good
        partial.touch(0o600)
        hand_over(partial)
        partial.replace(marker)


def _go_on(abandon: threading.Event) -> None:
    if abandon.is_set():
        raise BackupFailed("it was abandoned")


def _reason(error: Exception, target: Path) -> str:
    if isinstance(error, FileExistsError):
        return f"{target} is already there: name a file that is not"
    if isinstance(error, OSError):
        return f"{target} cannot be written: {error.strerror}"
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        return f"{target} cannot be written: the disk is full"
    return f"{target} cannot be made: {error}" if isinstance(error, sqlite3.Error) else str(error)


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"

"""Checking the database file and its write-ahead log for damage.

SQLite reads a log as far as its checksums hold and drops the rest, as it must after a power cut. From a log damaged in
the middle it would silently drop what was acknowledged. Formats: https://sqlite.org/fileformat2.html
"""

import contextlib
import logging
import sqlite3
import struct
import time
from pathlib import Path

from chatd.errors import DatabaseUnusable, StorageUnavailable
from chatd.storage import change_log
from chatd.storage.engine.sqlite.backup import opened
from chatd.storage.engine.sqlite.faults import reason

log = logging.getLogger(__name__)

#: How long a start may check a database, in seconds: enough for two million messages in the page cache.
PATIENCE = 1.0

#: How many commits may follow the first damage in a log: each is synced before the next is written, so a power cut can
#: only have damaged the last one.
EXPLAINED = 1

_REMEDY = "put a copy back with chatd restore"

#: How many instructions SQLite runs between two looks at the clock.
STEPS = 10_000

#: A write-ahead log's header: magic number, version, page size, checkpoint, salts, checksum.
_HEADER = struct.Struct(">8I")
#: A frame's header: page number, pages after a commit or 0, salts, checksum.
_FRAME = struct.Struct(">6I")
#: The two magic numbers; the last bit gives the byte order of the checksums.
_MAGIC = 0x377F0682

#: Where the index of the log (the -shm file) stores the number of valid frames.
_HOLDING = struct.Struct("=16xI")


def require_whole(path: Path, *, patience: float = PATIENCE, steps: int = STEPS) -> None:
    """Check the database at ``path``, if there is one, without changing it.

    :param patience: how long to check it, in seconds; a large database is checked in part.
    :param steps: how many instructions SQLite runs between two looks at the clock.
    :raises DatabaseUnusable: it is damaged.
    """
    if not path.exists() or path.stat().st_size == 0:
        return
    wal = path.with_name(f"{path.name}-wal")
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # makes SQLite read the log
            _require_whole_log(wal, path.with_name(f"{path.name}-shm"))
            problem = _problem(db, patience, steps)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_ROLLBACK:
            return  # killed before it had a write-ahead log: SQLite rolls that back when it is opened for writing
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
            raise DatabaseUnusable(f"{path} is damaged ({error}): {_REMEDY}") from error
        raise DatabaseUnusable(f"{path} cannot be read as a database: {reason(error)}") from error
    if problem is not None:
        raise DatabaseUnusable(f"{path} is damaged ({problem}): {_REMEDY}")


def look(path: Path) -> tuple[str, int | None]:
    """Check a database that a server may be using.

    :returns: "ok" or the damage, and the time of the newest change.
    :raises StorageUnavailable: it cannot be read.
    """
    try:
        with contextlib.closing(opened(path)) as db:
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
            return verdict, change_log.newest_at(db)
    except sqlite3.Error as error:
        raise StorageUnavailable(str(error)) from error


def _problem(db: sqlite3.Connection, patience: float, steps: int) -> str | None:
    end = time.monotonic() + patience
    db.set_progress_handler(lambda: time.monotonic() > end, steps)
    try:
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        log.info(
            "the database is large: only a part of it was looked at for damage", extra={"event": "damage_check_cut"}
        )
        return None
    return None if verdict == "ok" else " ".join(verdict.split())


def _require_whole_log(wal: Path, index: Path) -> None:
    """Refuse a log that has more after its first damage than a power cut can explain."""
    if not wal.exists() or not index.exists():
        return
    with wal.open("rb") as file, index.open("rb") as shared:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return
        magic, _, page_size, _, *salts, first, second = _HEADER.unpack(head)
        is_sound = magic | 1 == _MAGIC | 1 and _checksum(head[:24], (0, 0), magic) == (first, second)
        if not is_sound:
            if file.read(_FRAME.size + 512):
                raise DatabaseUnusable(f"{wal} is damaged (its header): {_REMEDY}")
            return
        (holding,) = _HOLDING.unpack(shared.read(_HOLDING.size))
        file.seek(_HEADER.size + holding * (_FRAME.size + page_size))
        if _commits(file.read(), page_size, salts, magic) > EXPLAINED:
            raise DatabaseUnusable(f"{wal} is damaged (frame {holding + 1}): {_REMEDY}")


def _commits(frames: bytes, page_size: int, salts: list[int], magic: int) -> int:
    """Count the commits among frames whose first one is damaged, if their checksums follow from the frame before.

    Frames with other salts are older than the last reset of the log.
    """
    size = _FRAME.size + page_size
    commits, before = 0, (0, 0)
    for start in range(0, len(frames) - size + 1, size):
        frame = frames[start : start + size]
        _, pages, *rest = _FRAME.unpack_from(frame)
        checksum = rest[2], rest[3]
        is_commit = start and pages and rest[:2] == salts
        if is_commit and _checksum(frame[:8] + frame[_FRAME.size :], before, magic) == checksum:
            commits += 1
            if commits > EXPLAINED:
                break
        before = checksum
    return commits


def _checksum(data: bytes, before: tuple[int, int], magic: int) -> tuple[int, int]:
    first, second = before
    words = struct.unpack(f"{'>' if magic & 1 else '<'}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second

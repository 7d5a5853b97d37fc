"""Restoring a copy of the database, and telling clients that its log is not the one they knew."""

import contextlib
import os
import re
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from chatd.data_dir import NO_SECOND_NAMES, hand_over, sync_directory
from chatd.errors import DatabaseUnusable
from chatd.storage import change_log
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.backup import check, opened
from chatd.storage.engine.sqlite.connections import overwrite_deleted
from chatd.storage.engine.sqlite.migrate import current_version, migrate, newest_version
from chatd.storage.engine.sqlite.sql import Connection


@dataclass(frozen=True, slots=True)
class Lost:
    """How much was written to the replaced database after the copy was made."""

    messages: int
    accounts: int
    #: Messages among them, edits, reactions, read markers and all else.
    changes: int


def restore(path: Path, copy: Path, *, aside: Path, upgrade: bool = True) -> Lost | None:
    """Replace the database at ``path`` by ``copy``, under a new epoch, and return how much is lost.

    The copy is verified first and not changed. If this is interrupted, either the old database or the new one is there.

    :param aside: where to keep the replaced database.
    :param upgrade: whether to migrate the restored database to the version this program knows.
    :returns: None if there was no database, or if the copy is not of its past.
    :raises DatabaseUnusable: the copy is damaged, not chatd's, or newer than this program; or the database is in use.
    """
    _verify(copy)
    partial = path.with_name(f"{path.name}.restoring")
    try:
        partial.unlink(missing_ok=True)
        partial.touch()
        hand_over(partial)
        with (
            contextlib.closing(opened(copy)) as source,
            contextlib.closing(sqlite3.connect(partial, isolation_level=None, factory=Connection)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
            target.execute("PRAGMA synchronous = FULL")
            overwrite_deleted(target)
            change_log.renew_epoch(target)
        lost = _lost(path, copy)
        if path.exists():
            _keep(path, aside)
        partial.replace(path)
        sync_directory(path.parent)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DatabaseUnusable(f"{copy} cannot be restored: {reason}") from error
    finally:
        partial.unlink(missing_ok=True)
    if upgrade:
        migrate(path)
    return lost


def copy_before_upgrade(path: Path) -> Path:
    """Return the copy made before the last upgrade of the database at ``path``.

    :raises DatabaseUnusable: there is no database, or no such copy.
    """
    try:
        version = current_version(path)
    except DatabaseUnusable:  # an upgrade may have left it so
        version = 9999
    if not version:
        raise DatabaseUnusable(f"there is no database at {path}")
    copies = {
        int(match[1]): each
        for each in path.parent.iterdir()
        if (match := re.fullmatch(rf"{re.escape(path.name)}\.before-(\d{{4}})", each.name))
    }
    # A copy with a higher number is from before an upgrade that has been rolled back.
    number = max((number for number in copies if number <= version), default=None)
    if number is None:
        raise DatabaseUnusable(f"{path} was never upgraded, or the copy from before is gone: nothing to go back to")
    return copies[number]


def renew_epoch(path: Path) -> None:
    """Give the database at ``path`` a new epoch, after its file was replaced by hand.

    :raises DatabaseUnusable: it is not a chatd database.
    """
    if not current_version(path):
        raise DatabaseUnusable(f"there is no database at {path}")
    migrate(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, factory=Connection)) as db:
        overwrite_deleted(db)
        change_log.renew_epoch(db)


def _verify(copy: Path) -> None:
    newest = newest_version()
    version = current_version(copy)
    if not version:
        raise DatabaseUnusable(f"{copy} is not a database of chatd")
    if version > newest:
        raise DatabaseUnusable(
            f"{copy} has version {version}, this chatd knows versions up to {newest}: install a newer chatd"
        )
    with contextlib.closing(opened(copy)) as db:
        check(db, str(copy))


def _lost(path: Path, copy: Path) -> Lost | None:
    try:
        with contextlib.closing(opened(path)) as now, contextlib.closing(opened(copy)) as then:
            if change_log.epoch(now) != change_log.epoch(then):
                return None
            messages, accounts, changes = (
                max(0, count(now) - count(then)) for count in (_messages, _accounts, change_log.head)
            )
    except sqlite3.Error:  # a damaged database is a reason to restore another
        return None
    return Lost(messages, accounts, changes)


def _messages(db: Sql) -> int:
    return int(db.execute("SELECT count(*) FROM messages").fetchone()[0])


def _accounts(db: Sql) -> int:
    return int(db.execute("SELECT coalesce(max(id), 0) FROM users").fetchone()[0])


def _keep(path: Path, aside: Path) -> None:
    """Keep the replaced database under a second name, after a checkpoint of its write-ahead log.

    On a file system without hard links (exFAT, SMB) a copy is kept, so that the database never loses its own name.

    :raises DatabaseUnusable: it is in use.
    """
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path, timeout=1)) as db:
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise DatabaseUnusable(f"another program is using {path}: try again when it has ended")
    try:
        os.link(path, aside)
    except OSError as error:
        if error.errno not in NO_SECOND_NAMES:
            raise
        _copy(path, aside)
    for suffix in ("-wal", "-shm"):
        leftover = path.with_name(path.name + suffix)
        if leftover.exists():
            leftover.rename(aside.with_name(aside.name + suffix))


def _copy(path: Path, copy: Path) -> None:
    """Copy a file that nobody uses, and sync the copy before it gets its name."""
    partial = copy.with_name(f"{copy.name}.partial")
    try:
        shutil.copyfile(path, partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        hand_over(partial)
        partial.rename(copy)
    finally:
        partial.unlink(missing_ok=True)

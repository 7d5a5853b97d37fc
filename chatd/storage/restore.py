"""Putting a copy of the database back, and telling clients that the log is another one."""

import contextlib
import os
import sqlite3
from pathlib import Path

from chatd.data_dir import hand_over, sync_directory
from chatd.errors import DatabaseUnusable
from chatd.storage import change_log
from chatd.storage.migrate import current_version, load_migrations, migrate, migrations_directory


def restore(path: Path, copy: Path, *, aside: Path) -> None:
    """Put ``copy`` in the place of the database at ``path``, under a new epoch.

    The copy is verified first and stays as it is. Ended half-way, the old database or the restored one is in place.

    :param aside: where the database that is replaced is kept.
    :raises DatabaseUnusable: the copy is damaged, not chatd's, or newer than this program.
    """
    _verify(copy)
    partial = path.with_name(f"{path.name}.restoring")
    partial.unlink(missing_ok=True)
    partial.touch()
    hand_over(partial)
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(partial, isolation_level=None)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
            target.execute("PRAGMA synchronous = FULL")
            change_log.renew_epoch(target)
        if path.exists():
            _keep(path, aside)
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{copy} cannot be restored: {error}") from error
    partial.replace(path)
    sync_directory(path.parent)
    migrate(path)


def renew_epoch(path: Path) -> None:
    """Give the log of the database at ``path`` another name, after its file was replaced by hand.

    :raises DatabaseUnusable: it is not a chatd database.
    """
    if not current_version(path):
        raise DatabaseUnusable(f"there is no database at {path}")
    migrate(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        change_log.renew_epoch(db)


def _verify(copy: Path) -> None:
    newest = load_migrations(migrations_directory())[-1].version
    if not 0 < current_version(copy) <= newest:
        raise DatabaseUnusable(f"{copy} is not a database this chatd can restore")
    with contextlib.closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro", uri=True)) as db:
        (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise DatabaseUnusable(f"{copy} is damaged: {verdict}")


def _keep(path: Path, aside: Path) -> None:
    """Keep the database that is replaced as a second name of its file, its write-ahead log folded in."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.link(path, aside)
    for suffix in ("-wal", "-shm"):
        leftover = path.with_name(path.name + suffix)
        if leftover.exists():
            leftover.rename(aside.with_name(aside.name + suffix))

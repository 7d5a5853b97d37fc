"""Migrations: upgrading a database file to the version this program knows, each step in one transaction."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from chatd.data_dir import alone, hand_over, sync_directory
from chatd.errors import DatabaseUnusable
from chatd.storage.engine.migrations import Migration, directory_of, load_migrations
from chatd.storage.engine.sqlite.connections import overwrite_deleted
from chatd.storage.engine.sqlite.faults import reason

#: The ``PRAGMA application_id`` of a chatd database: "chat" in ASCII.
APPLICATION_ID = 0x63686174

#: IS DISTINCT FROM came with 3.39, STRICT tables with 3.37: https://sqlite.org/changes.html
MINIMUM_SQLITE = (3, 39, 0)

#: The version of SQLite that is wanted at least, and the one that Python has.
WANTED, FOUND = ".".join(map(str, MINIMUM_SQLITE)), sqlite3.sqlite_version


def library_is_new_enough() -> bool:
    """Report whether this Python's SQLite supports everything the statements use."""
    return sqlite3.sqlite_version_info >= MINIMUM_SQLITE


def migrations_directory() -> Path:
    """Return the directory of the migrations."""
    return directory_of("sqlite")


def newest_version() -> int:
    """Return the version that this program makes."""
    return load_migrations(migrations_directory())[-1].version


def current_version(path: Path) -> int:
    """Return the schema version of the database at ``path``, 0 where there is none yet.

    Changes nothing, except that SQLite rolls back what a killed process left unfinished, as it does whenever such
    a file is opened.

    :raises DatabaseUnusable: the file is not a chatd database.
    """
    if not path.exists() or path.stat().st_size == 0:
        return 0
    try:
        try:
            application_id, version, tables = _marks(path, "ro")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_READONLY_RECOVERY):
                raise
            application_id, version, tables = _marks(path, "rw")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
            raise DatabaseUnusable(f"{path} is damaged: {error}") from error
        raise DatabaseUnusable(f"{path} cannot be read as a database: {reason(error)}") from error
    if application_id == 0 and version == 0 and tables == 0:
        return 0
    if application_id != APPLICATION_ID:
        raise DatabaseUnusable(f"{path} is a database of another program")
    return version


def _marks(path: Path, mode: str) -> tuple[int, int, int]:
    """Return the application id, the version of the schema, and the number of its entries.

    :param mode: ``ro`` or ``rw``, as in https://sqlite.org/uri.html
    """
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True)) as db:
        return (
            db.execute("PRAGMA application_id").fetchone()[0],
            db.execute("PRAGMA user_version").fetchone()[0],
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0],
        )


def migrate(path: Path, directory: Path | None = None, *, upgrading: Callable[[int], None] = lambda size: None) -> int:
    """Create or upgrade the database at ``path`` and return its version.

    Before an existing database is changed, a copy of it is kept beside it (``chatd.db.before-0002`` before the
    migration 0002). If this is interrupted, the file holds the old version or a newer one, whole.

    :param directory: where the migrations are; by default :func:`migrations_directory`.
    :param upgrading: called with the size in bytes of an existing database before it is changed: tables may be rebuilt.
    :raises DatabaseUnusable: the file is not chatd's, or newer than this program, or a migration failed.
    """
    if not library_is_new_enough():
        raise DatabaseUnusable(f"chatd needs SQLite {WANTED} or newer, this Python has {FOUND}")
    steps = load_migrations(directory or migrations_directory())
    with alone(path.parent):
        return _upgrade(path, steps, upgrading)


def _upgrade(path: Path, steps: list[Migration], upgrading: Callable[[int], None]) -> int:
    newest = steps[-1].version
    version = current_version(path)
    if version > newest:
        raise DatabaseUnusable(
            f"{path} has version {version}, this chatd knows versions up to {newest}: install a newer chatd, "
            f"or go back to the copy made before the upgrade with `chatd rollback`"
        )
    if version == newest:
        return version
    if version:
        upgrading(path.stat().st_size)
    try:
        if not version:  # SQLite gives the files it creates beside a database to the database's owner
            path.touch()
            hand_over(path)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA busy_timeout = 5000")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            overwrite_deleted(db)
            if version:
                _keep_copy(db, path.with_name(f"{path.name}.before-{steps[version].version:04}"))
            for step in steps[version:]:
                _apply(db, step)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseUnusable(f"{path} cannot be migrated: {reason(error)}") from error
    sync_directory(path.parent)
    return newest


def _apply(db: sqlite3.Connection, step: Migration) -> None:
    db.execute("PRAGMA foreign_keys = OFF")  # so that a table can be rebuilt; checked below
    try:
        db.executescript(f"BEGIN IMMEDIATE;\n{step.sql}\nPRAGMA user_version = {step.version};")
        if db.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise DatabaseUnusable(f"migration {step.version:04}_{step.name} breaks a foreign key; nothing was changed")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _keep_copy(db: sqlite3.Connection, copy: Path) -> None:
    partial = copy.with_name(f"{copy.name}.partial")
    partial.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(partial)) as target:
        db.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    hand_over(partial)
    partial.replace(copy)
    sync_directory(copy.parent)

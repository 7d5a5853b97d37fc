"""The data directory: its permissions, the database and its backups."""

import datetime as dt
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from chatd import clock
from chatd.config import Config
from chatd.doctor import postgresql
from chatd.doctor.findings import Finding, change, good, mib
from chatd.errors import DatabaseUnusable, StorageUnavailable
from chatd.storage.engine.sqlite import damage
from chatd.storage.engine.sqlite.backup import last_proven_at
from chatd.storage.engine.sqlite.migrate import current_version, newest_version

#: How far the newest change may be ahead of the clock, in milliseconds.
SLACK_MS = 5 * 60 * 1000

_HOUR_MS = 3_600_000


def look(config: Config) -> Iterator[Finding]:
    """Check the data directory and the database."""
    directory = config.data_dir
    try:
        if not directory.is_dir():
            yield change(
                "data", f"there is no directory {directory}: start chatd once, or name another with --data-dir"
            )
            return
        yield from _permissions(config)
    except PermissionError:
        yield change("permissions", f"run it as root, or as who owns {directory}, which cannot be read")
        return
    if config.database.url:
        yield from postgresql.look(config)
        return
    yield _database(config.database_file)
    yield _backups(config)


def _permissions(config: Config) -> Iterator[Finding]:
    directories = [each for each in (config.data_dir, config.backups) if each.is_dir()]
    files = [path for each in directories for path in each.iterdir() if path.is_file() and not path.is_symlink()]
    owner = config.data_dir.stat().st_uid
    open_directories = [each for each in directories if stat.S_IMODE(each.stat().st_mode) & 0o077]
    open_files = [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    foreign = [path for path in files if path.parent == config.data_dir and path.stat().st_uid != owner]
    for paths, command, reason in (
        (open_directories, "chmod 700", "others can look in"),
        (open_files, "chmod 600", "others can read it"),
        (foreign, f"chown --reference={shlex.quote(str(config.data_dir))}", "it is not the server's"),
    ):
        if paths:
            yield change("permissions", f"{command} {shlex.join(map(str, paths))} ({reason})")
    if not (open_directories or open_files or foreign):
        yield good("permissions", f"{config.data_dir} and all in it is for its owner alone")


def _database(path: Path) -> Finding:
    about = "database"
    try:
        version, newest = current_version(path), newest_version()
        if not version:
            return change(about, f"there is none at {path}: start chatd once")
        if version > newest:
            return change(
                about, f"it has version {version}, this chatd knows {newest}: upgrade chatd, or chatd rollback"
            )
        verdict, newest_at = damage.look(path)
    except (DatabaseUnusable, StorageUnavailable) as error:
        return change(about, f"{error}: stop chatd, and chatd restore the last backup")
    if verdict != "ok":
        return change(about, f"{path} is damaged ({verdict}): stop chatd, and chatd restore the last backup")
    if version < newest:
        return change(about, f"it has version {version}, this chatd {newest}: restart chatd, which upgrades it")
    if newest_at is not None and newest_at > clock.now() + SLACK_MS:
        return change(about, "what was written last is from the future: set the clock, which is behind")
    return good(about, f"{mib(path.stat().st_size)}, quick_check finds nothing wrong")


def _backups(config: Config) -> Finding:
    about = "backup"
    hours = config.backup.every_hours
    proven_at = last_proven_at(config.database_file)
    if proven_at is None:
        what = (
            "look for 'the backup failed' in the log, if chatd has run for some minutes"
            if hours
            else "set [backup] every_hours, or run chatd backup every day"
        )
        return change(about, f"none was ever proven: {what}")
    if proven_at > clock.now() + SLACK_MS:
        dated = dt.datetime.fromtimestamp(proven_at / 1000, dt.UTC)
        return change(
            about,
            f"the last is dated {dated:%Y-%m-%d %H:%M} UTC, in the future: set the clock if it is slow, "
            "otherwise run chatd backup, which makes one with the right date",
        )
    age = max(clock.now() - proven_at, 0) / _HOUR_MS
    if hours and age > 2 * hours:
        return change(about, f"the last was proven {age:.1f} hours ago: look for 'the backup failed' in the log")
    return good(about, f"the last was proven {age:.1f} hours ago")

"""PostgreSQL, where it stores everything: its tables, what its acknowledgement means, and whether it is archived."""

from collections.abc import Iterator

from chatd.config import Config
from chatd.doctor.findings import Finding, change, good, mib
from chatd.errors import DatabaseUnusable, StorageUnavailable
from chatd.storage import stores

#: The values of ``synchronous_commit`` by which an acknowledged commit is on a disk.
_DURABLE = {"on", "local", "remote_write", "remote_apply"}


def look(config: Config) -> Iterator[Finding]:
    """Check the PostgreSQL of ``[database] url``."""
    from chatd.storage.engine.postgresql.inspection import inspect

    try:
        version, newest = stores.current_version(config.store), stores.newest_version(config.store)
        found = inspect(str(config.store))
    except (DatabaseUnusable, StorageUnavailable) as error:
        yield change("database", str(error))
        return
    if not version:
        yield change("database", "it has no tables yet: start chatd once")
    elif version < newest:
        yield change("database", f"it has version {version}, this chatd {newest}: restart chatd, which upgrades it")
    else:
        yield good("database", f"PostgreSQL {found.version}, {mib(found.size)}")
    losses = [
        *([] if found.syncs else ["set fsync = on"]),
        *([] if found.writes_full_pages else ["set full_page_writes = on"]),
        *([] if found.synchronous_commit in _DURABLE else ["set synchronous_commit = on"]),
    ]
    if losses:
        yield change("durability", f"{', '.join(losses)}: what was acknowledged may be lost")
    elif config.database.lossless_failover and not found.has_standbys:
        yield change(
            "durability",
            "set synchronous_standby_names, or [database] lossless_failover = false: no standby has it all",
        )
    else:
        where = "on a synchronous standby, too" if found.has_standbys else "on one disk"
        yield good("durability", f"what is acknowledged is {where}")
    if not found.archives:
        yield change("backup", "set archive_mode, or run pg_dump every day: chatd makes no backups of PostgreSQL")
    elif found.archiving_fails or not found.has_archived:
        yield change("backup", "look into the log of PostgreSQL: its archive_command fails, or has never run")
    else:
        yield good("backup", f"the last file was archived {found.archived_hours_ago or 0:.1f} hours ago")

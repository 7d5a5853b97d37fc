"""What a PostgreSQL promises: how it syncs, who else has what it acknowledges, and what is archived."""

import contextlib
from typing import NamedTuple

import psycopg

from chatd.errors import DatabaseUnusable, StorageUnavailable
from chatd.storage.engine.postgresql.connections import connect_usable
from chatd.storage.engine.postgresql.faults import reason

_QUERY = """
    SELECT current_setting('server_version'), pg_database_size(current_database()),
        current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on',
        current_setting('synchronous_commit'), current_setting('synchronous_standby_names') <> '',
        current_setting('archive_mode') <> 'off', a.last_archived_time IS NOT NULL,
        coalesce(a.last_failed_time > a.last_archived_time, a.last_failed_time IS NOT NULL),
        EXTRACT(EPOCH FROM now() - a.last_archived_time) / 3600
    FROM pg_stat_archiver AS a
"""


class Inspection(NamedTuple):
    """What was found."""

    version: str
    #: Of the database, in bytes.
    size: int
    syncs: bool
    writes_full_pages: bool
    synchronous_commit: str
    #: Whether a commit waits for a standby.
    has_standbys: bool
    archives: bool
    has_archived: bool
    archiving_fails: bool
    #: When the last file was archived, in hours ago.
    archived_hours_ago: float | None


def inspect(url: str) -> Inspection:
    """Look at a PostgreSQL that a server may be using.

    :raises DatabaseUnusable: chatd cannot use it.
    :raises StorageUnavailable: it cannot be asked.
    """
    with contextlib.closing(connect_usable(url)) as raw:
        try:
            row = raw.execute(_QUERY).fetchone()
        except psycopg.Error as error:
            raise StorageUnavailable(reason(error)) from error
    if row is None:
        raise DatabaseUnusable("PostgreSQL says nothing of its archive")
    return Inspection(*row)

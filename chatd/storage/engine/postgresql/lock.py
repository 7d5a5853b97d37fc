"""The lock under which everything is committed, and how it is taken from a process that has stopped."""

import contextlib
import logging
import sys
from collections.abc import Iterator

import psycopg

from chatd.storage.engine.postgresql.connections import Raw

log = logging.getLogger(__name__)

#: The key of the lock under which everything is committed: "chat" in ASCII.
LOCK = 0x63686174

#: Takes it until the end of the transaction.
TAKE_LOCK = f"SELECT pg_advisory_xact_lock({LOCK})"

#: Ends who holds the lock and has stopped within its transaction, a process that was suspended for one. The server does
#: not: between two statements that are sent without waiting it is not idle, and no timeout of its own counts.
END_STOPPED = f"""
    SELECT pg_terminate_backend(holder.pid)
    FROM pg_locks AS holder JOIN pg_stat_activity AS session ON session.pid = holder.pid
    WHERE holder.locktype = 'advisory' AND holder.classid = 0 AND holder.objid = {LOCK} AND holder.granted
        AND holder.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND session.wait_event = 'ClientRead'
        AND greatest(session.query_start, session.state_change) < clock_timestamp() - INTERVAL '4 seconds'
"""


@contextlib.contextmanager
def locked(raw: Raw, local: str = "") -> Iterator[None]:
    """Hold the lock of writers, in a transaction.

    :param local: gives the transaction its settings, where the session does not keep them.
    """
    with contextlib.ExitStack() as transaction:
        while True:
            transaction.enter_context(raw.transaction())
            try:
                if local:
                    raw.execute(local)
                raw.execute(TAKE_LOCK)
                break
            except psycopg.errors.LockNotAvailable:
                transaction.pop_all().__exit__(*sys.exc_info())
            note_ended(len(raw.execute(END_STOPPED).fetchall()))
        yield


def note_ended(count: int) -> None:
    """Log that holders of the lock were ended."""
    if count:
        log.warning(
            "a process had stopped while it held the lock: its connection was ended", extra={"event": "lock_taken_away"}
        )

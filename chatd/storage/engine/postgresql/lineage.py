"""Which PostgreSQL it is: the system's id, and the timeline, which a restore and a promotion change.

Both may have lost the newest commits. So where the timeline is another one the change log gets another epoch, and every
client loads everything again, unless the operator says that a failover loses nothing.
"""

import logging
import secrets

from chatd.storage.engine.postgresql.connections import Raw

log = logging.getLogger(__name__)

#: The timeline is the beginning of the name of the file that is written to: the control file says it only after a
#: checkpoint. https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES
_NOW = """
    SELECT CAST(c.system_identifier AS TEXT), substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
    FROM pg_control_system() AS c
"""


def verify(raw: Raw, *, lossless: bool) -> bool:
    """Compare the PostgreSQL with the one that was written to last; where it is another one, renew the epoch.

    :param raw: a connection in a transaction that holds the lock of writers.
    :param lossless: whether a promoted standby has everything that was committed.
    :returns: whether there is another epoch now.
    """
    (system, timeline) = raw.execute(_NOW).fetchone() or ("", "0")
    now = (system, int(timeline, 16))
    before = raw.execute("SELECT system, timeline FROM lineage").fetchone()
    if before == now:
        return False
    raw.execute(
        """
        INSERT INTO lineage (id, system, timeline) VALUES (1, %s, %s)
        ON CONFLICT (id) DO UPDATE SET system = excluded.system, timeline = excluded.timeline
        """,
        now,
    )
    if before is None or (lossless and before[0] == system):
        return False
    raw.execute("UPDATE change_log_state SET epoch = %s", (secrets.token_hex(8),))
    log.warning(
        "PostgreSQL was restored, or a standby took over: every client loads everything again",
        extra={"event": "epoch_renewed"},
    )
    return True

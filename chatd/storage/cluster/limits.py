"""Rate limits that hold over all processes: one number for each key, as in :mod:`chatd.services.limits`."""

from chatd.storage.engine import Sql

_TAKE = """
    INSERT INTO limits (key, full_until) VALUES (:key, CAST(:now AS BIGINT) + :interval)
    ON CONFLICT (key) DO UPDATE SET full_until = CASE
        WHEN limits.full_until > :now THEN limits.full_until ELSE CAST(:now AS BIGINT)
    END + :interval
    RETURNING full_until
"""


def take(db: Sql, key: bytes, *, now: int, interval: int) -> int:
    """Count an event of a key, and return until when the key is full by it.

    :param now: the time, in microseconds since 1970.
    :param interval: what one event takes, in microseconds.
    """
    row = db.execute(_TAKE, {"key": key, "now": now, "interval": interval}).fetchone()
    return int(row["full_until"])


def forget_rested(db: Sql, now: int) -> None:
    """Forget the keys that are at rest.

    :param now: the time, in microseconds since 1970.
    """
    db.execute("DELETE FROM limits WHERE full_until <= :now", {"now": now})

"""The table of commits: see :class:`chatd.storage.engine.Engine`."""

from chatd.storage.engine import Sql

#: How long a commit is kept, in seconds. The clients of a process further behind load everything again.
KEPT = 600


def head(db: Sql) -> int:
    """Return the highest number; 0 where nothing was ever committed."""
    row = db.execute("SELECT number FROM commits ORDER BY number DESC LIMIT 1").fetchone()
    return 0 if row is None else int(row["number"])


def forget_old(db: Sql, limit: int) -> int:
    """Forget the oldest commits that have been kept for long enough, never the newest, and return how many.

    Whether one is old is for the database's own clock to say.
    """
    return db.execute(
        """
        DELETE FROM commits WHERE number IN (
            SELECT number FROM commits
            WHERE made_at < clock_timestamp() - make_interval(secs => :kept)
                AND number < (SELECT max(number) FROM commits)
            ORDER BY number LIMIT :limit
        )
        """,
        {"kept": float(KEPT), "limit": limit},
    ).rowcount

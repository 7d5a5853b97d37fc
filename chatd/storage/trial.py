"""A row that is written to learn whether anything can be."""

from chatd.storage.engine import Sql


def write(db: Sql, now: int) -> None:
    """Write the time of a trial."""
    db.execute("UPDATE health SET checked_at = :now", {"now": now})

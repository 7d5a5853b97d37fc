"""How far each durable consumer has come in the change log."""

from chatd.storage.engine import Sql


def get(db: Sql, name: str) -> int | None:
    """Return the ``seq`` up to which a consumer has handled everything; None for one that has never run."""
    row = db.execute("SELECT seq FROM consumer_cursors WHERE name = :name", {"name": name}).fetchone()
    return None if row is None else int(row["seq"])


def put(db: Sql, name: str, seq: int) -> None:
    """Store how far a consumer has come."""
    db.execute(
        """
        INSERT INTO consumer_cursors (name, seq) VALUES (:name, :seq)
        ON CONFLICT (name) DO UPDATE SET seq = excluded.seq
        """,
        {"name": name, "seq": seq},
    )

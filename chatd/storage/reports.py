"""Messages that were brought before the administrator."""

from typing import Any

from chatd.models import Report
from chatd.storage import users
from chatd.storage.engine import Sql

_COLUMNS = "r.id, r.message_id, r.reason, r.content, r.created_at, r.resolved_at, r.reporter_id, m.sender_id"


def insert(db: Sql, *, reporter_id: int, message_id: int, reason: str, content: str, created_at: int) -> int:
    """Store a report and return its id; the same again, while it is open, is the one there is."""
    row = db.execute(
        """
        SELECT id FROM reports
        WHERE reporter_id = ? AND message_id = ? AND reason = ? AND content = ? AND resolved_at IS NULL
        """,
        (reporter_id, message_id, reason, content),
    ).fetchone()
    if row is None:
        row = db.execute(
            """
            INSERT INTO reports (reporter_id, message_id, reason, content, created_at) VALUES (?, ?, ?, ?, ?)
            RETURNING id
            """,
            (reporter_id, message_id, reason, content, created_at),
        ).fetchone()
    return int(row[0])


def get(db: Sql, report_id: int) -> Report | None:
    """Return a report."""
    found = _reports(db, "r.id = ?", report_id)
    return found[0] if found else None


def open_ones(db: Sql) -> list[Report]:
    """Return the reports that wait to be resolved, the oldest first."""
    return _reports(db, "r.resolved_at IS NULL")


def all_reports(db: Sql) -> list[Report]:
    """Return every report, the oldest first."""
    return _reports(db, "1")


def made_by(db: Sql, user_id: int) -> list[Report]:
    """Return the reports that a user has made, the oldest first."""
    return _reports(db, "r.reporter_id = ?", user_id)


def resolve(db: Sql, report_id: int, resolved_at: int) -> bool:
    """Note that a report is done with, and forget the copy of the message; False where there is none open."""
    cursor = db.execute(
        "UPDATE reports SET resolved_at = ?, content = '' WHERE id = ? AND resolved_at IS NULL",
        (resolved_at, report_id),
    )
    return cursor.rowcount == 1


def _reports(db: Sql, condition: str, *values: Any) -> list[Report]:
    rows = db.execute(
        f"""
        SELECT {_COLUMNS} FROM reports AS r JOIN messages AS m ON m.id = r.message_id
        WHERE {condition}
        ORDER BY r.id
        """,
        values,
    ).fetchall()
    people = users.get_many(db, {user_id for row in rows for user_id in row[6:8]})
    return [
        Report(
            id=row[0],
            message_id=row[1],
            reason=row[2],
            content=row[3],
            created_at=row[4],
            resolved_at=row[5],
            reporter=people[row[6]],
            sender=people[row[7]],
        )
        for row in rows
    ]

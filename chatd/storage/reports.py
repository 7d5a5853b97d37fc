"""Messages reported to the administrator."""

from chatd.models import Report
from chatd.storage import users
from chatd.storage.engine import Sql
from chatd.storage.visibility import SHOWN_COPY


def insert(db: Sql, *, reporter_id: int, message_id: int, reason: str, content: str, created_at: int) -> int:
    """Store a report and return its id; the same one, while it is open, is not stored twice."""
    values = {"reporter_id": reporter_id, "message_id": message_id, "reason": reason, "content": content}
    row = db.execute(
        """
        SELECT id FROM reports
        WHERE reporter_id = :reporter_id AND message_id = :message_id AND reason = :reason AND content = :content
            AND resolved_at IS NULL
        """,
        values,
    ).fetchone()
    if row is None:
        row = db.execute(
            """
            INSERT INTO reports (reporter_id, message_id, reason, content, created_at)
            VALUES (:reporter_id, :message_id, :reason, :content, :created_at)
            RETURNING id
            """,
            {**values, "created_at": created_at},
        ).fetchone()
    return int(row["id"])


def get(db: Sql, report_id: int) -> Report | None:
    """Return a report."""
    found = _reports(db, "r.id = :report_id", report_id=report_id)
    return found[0] if found else None


def open_ones(db: Sql) -> list[Report]:
    """Return the reports that are not resolved, the oldest first."""
    return _reports(db, "r.resolved_at IS NULL")


def open_in(db: Sql, group_id: int, first_id: int) -> list[Report]:
    """Return the reports of messages in a group that are not resolved, the oldest first.

    :param first_id: only those of this message and later ones.
    """
    return _reports(
        db,
        "r.resolved_at IS NULL AND m.conversation_id = :group_id AND m.id >= :first_id",
        group_id=group_id,
        first_id=first_id,
    )


def all_reports(db: Sql) -> list[Report]:
    """Return every report, the oldest first."""
    return _reports(db, "TRUE")


def made_by(db: Sql, user_id: int) -> list[Report]:
    """Return the reports that a user has made, the oldest first, without copies of what was removed."""
    return _reports(db, "r.reporter_id = :user_id", content=SHOWN_COPY, user_id=user_id)


def resolve(db: Sql, report_id: int, resolved_at: int) -> bool:
    """Close a report and forget its copy of the message; report whether it was open."""
    cursor = db.execute(
        "UPDATE reports SET resolved_at = :resolved_at, content = '' WHERE id = :report_id AND resolved_at IS NULL",
        {"resolved_at": resolved_at, "report_id": report_id},
    )
    return cursor.rowcount == 1


def _reports(db: Sql, condition: str, *, content: str = "r.content", **values: int) -> list[Report]:
    rows = db.execute(
        f"""
        SELECT r.id, r.message_id, r.reason, {content} AS content, r.created_at, r.resolved_at, r.reporter_id,
            m.sender_id
        FROM reports AS r JOIN messages AS m ON m.id = r.message_id
        WHERE {condition}
        ORDER BY r.id
        """,
        values,
    ).fetchall()
    people = users.get_many(db, {user_id for row in rows for user_id in (row["reporter_id"], row["sender_id"])})
    return [
        Report(
            id=row["id"],
            message_id=row["message_id"],
            reason=row["reason"],
            content=row["content"],
            created_at=row["created_at"],
            resolved_at=row["resolved_at"],
            reporter=people[row["reporter_id"]],
            sender=people[row["sender_id"]],
        )
        for row in rows
    ]

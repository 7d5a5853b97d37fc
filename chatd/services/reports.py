"""Reporting messages to the administrator."""

import logging

from chatd.clock import Clock
from chatd.config import Limits as LimitSettings
from chatd.errors import CannotReportOwn, ReportNotFound
from chatd.models import Report
from chatd.services import editing, joining, roles, voices
from chatd.services.limiting import per_hour
from chatd.services.lookup import find_message
from chatd.storage import reports
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql

log = logging.getLogger(__name__)


class Reports:
    """Stores reports, which ``chatd reports`` shows, and to a group's admins those of its messages."""

    def __init__(self, db: Database, limits: LimitSettings, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._limit = per_hour(db, clock, "reports", limits.reports_per_hour)

    async def report(self, user_id: int, message_id: int, reason: str) -> Report:
        """Store a report: a copy of a message as the user sees it, and their reason.

        Reporting the message again while the report is open returns the same report.

        :raises MessageNotFound: there is no such message in the user's conversations.
        :raises CannotReportOwn: it is the user's own.
        :raises MessageDeleted: there is nothing left to report.
        :raises MessageRemoved: an admin has removed it.
        :raises RateLimited: the user reports too much.
        """
        await self._limit.take(user_id)
        now = self._clock()

        def work(tx: Transaction) -> Report:
            _, message, _ = find_message(tx.db, user_id, message_id)
            if message.sender_id == user_id:
                raise CannotReportOwn
            editing.require_kept(message)
            report_id = reports.insert(
                tx.db,
                reporter_id=user_id,
                message_id=message_id,
                reason=reason,
                content=message.content,
                created_at=now,
            )
            found = reports.get(tx.db, report_id)
            assert found is not None
            return found

        found = await self._db.write(work)
        log.warning("message reported", extra={"event": "reported", "user_id": user_id, "report_id": found.id})
        return found

    async def in_group(self, user_id: int, group_id: int) -> list[Report]:
        """Return the open reports of a group's messages, the oldest first, to an admin who sees those.

        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: they are no admin.
        """
        return await self._db.read(lambda db: _open_in_group(db, user_id, group_id))

    async def resolve_in_group(self, user_id: int, group_id: int, report_id: int) -> None:
        """Resolve a report of a group's message as its admin, and delete its copy of the message.

        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: they are no admin.
        :raises ReportNotFound: there is no such open report for them.
        """
        now = self._clock()

        def work(tx: Transaction) -> None:
            voices.require_in(joining.require(tx.db, group_id, user_id)[1], now)
            if report_id not in {each.id for each in _open_in_group(tx.db, user_id, group_id)}:
                raise ReportNotFound
            resolve(tx, report_id, now=now)

        await self._db.write(work)


def _open_in_group(db: Sql, user_id: int, group_id: int) -> list[Report]:
    _, stay = joining.require(db, group_id, user_id)
    roles.require(stay, "admin")
    return reports.open_in(db, group_id, stay.visible_from)


def resolve(tx: Transaction, report_id: int, *, now: int) -> None:
    """Resolve a report, and delete its copy of the message.

    :raises ReportNotFound: there is no such open report.
    """
    if not reports.resolve(tx.db, report_id, now):
        raise ReportNotFound(f"There is no open report {report_id}.")

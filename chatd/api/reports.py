"""Reports of messages."""

from chatd import schemas
from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Call, Route
from chatd.errors import CannotReportOwn, MessageDeleted, MessageNotFound
from chatd.models import Report
from chatd.schemas import people


def routes() -> list[Route]:
    """Return the route for reports."""
    return [
        Route(
            "POST",
            "/messages/{id}/report",
            "report_message",
            _report,
            "Report a message to the administrator",
            answer=people.ReportSchema(),
            status=201,
            parameters=schemas.PathId(),
            body=JsonBody(people.ReportBody()),
            errors=(MessageNotFound, CannotReportOwn, MessageDeleted),
        ),
    ]


async def _report(call: Call) -> Report:
    return await call.services.reports.report(call.caller.user_id, call.path["id"], call.body["reason"])

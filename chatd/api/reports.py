"""Reports of messages."""

from chatd import schemas
from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Call, Route
from chatd.errors import CannotReportOwn, Forbidden, GroupNotFound, MessageDeleted, MessageNotFound, ReportNotFound
from chatd.models import Report
from chatd.schemas import group_requests, groups, people


def routes() -> list[Route]:
    """Return the routes for reports."""
    return [
        Route(
            "POST",
            "/messages/{id}/report",
            "report_message",
            _report,
            "Report a message to the administrator, and in a group to its admins",
            answer=people.ReportSchema(),
            status=201,
            parameters=schemas.PathId(),
            body=JsonBody(people.ReportBody()),
            errors=(MessageNotFound, CannotReportOwn, MessageDeleted),
        ),
        Route(
            "GET",
            "/groups/{id}/reports",
            "list_group_reports",
            _list,
            "What members of a group have reported, as its admin",
            answer=groups.GroupReportSchema(),
            many=True,
            parameters=schemas.PathId(),
            errors=(GroupNotFound, Forbidden),
        ),
        Route(
            "POST",
            "/groups/{id}/reports/{report}/resolve",
            "resolve_group_report",
            _resolve,
            "Be done with a report, as the group's admin; its copy of the message goes",
            status=204,
            parameters=group_requests.PathGroupReport(),
            errors=(GroupNotFound, Forbidden, ReportNotFound),
        ),
    ]


async def _list(call: Call) -> list[Report]:
    return await call.services.reports.in_group(call.caller.user_id, call.path["id"])


async def _resolve(call: Call) -> None:
    await call.services.reports.resolve_in_group(call.caller.user_id, call.path["id"], call.path["report"])


async def _report(call: Call) -> Report:
    return await call.services.reports.report(call.caller.user_id, call.path["id"], call.body["reason"])

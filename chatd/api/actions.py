"""Actions: what a group's admins do to those below them, and take back."""

from typing import Any

from chatd import schemas
from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Call, Route
from chatd.errors import (
    ActionNotFound,
    AlreadyUndone,
    Forbidden,
    GroupNotFound,
    MessageDeleted,
    MessageNotFound,
    MessageRemoved,
    NotInForce,
    Silenced,
    TooLate,
    UserNotFound,
)
from chatd.models import Action, ActionPage, RemovedPage
from chatd.schemas import actions
from chatd.services.moderating import Wanted


def routes() -> list[Route]:
    """Return the routes for actions."""
    by_id, of_action = schemas.PathId(), actions.PathAction()
    return [
        Route(
            "POST",
            "/groups/{id}/actions",
            "act_in_group",
            _act,
            "Put people out of a group, keep them out, silence them, or remove what they wrote, as who is above them",
            answer=actions.DoneSchema(),
            status=201,
            parameters=by_id,
            body=JsonBody(actions.ActionBody()),
            errors=(
                GroupNotFound,
                UserNotFound,
                MessageNotFound,
                MessageDeleted,
                MessageRemoved,
                Forbidden,
                Silenced,
            ),
        ),
        Route(
            "GET",
            "/groups/{id}/actions",
            "list_actions",
            _list,
            "What was done in a group, the newest first, as its admin",
            answer=actions.ActionPageSchema(),
            parameters=by_id,
            query=actions.ActionsQuery(),
            errors=(GroupNotFound, Forbidden),
        ),
        Route(
            "GET",
            "/groups/{id}/actions/{action}/messages",
            "list_removed_messages",
            _removed,
            "What an action has removed, with contents, as the group's admin",
            answer=actions.RemovedPageSchema(),
            parameters=of_action,
            query=actions.RemovedQuery(),
            errors=(GroupNotFound, ActionNotFound, Forbidden),
        ),
        Route(
            "POST",
            "/groups/{id}/actions/undo",
            "undo_all",
            _undo_all,
            "Undo all that somebody has done in a group since a time, as its owner; it is done soon after",
            status=202,
            parameters=by_id,
            body=JsonBody(actions.UndoAllBody()),
            errors=(GroupNotFound, Forbidden),
        ),
        Route(
            "POST",
            "/groups/{id}/actions/{action}/undo",
            "undo_action",
            _undo,
            "Let an action be as if it had not been, as who could do it",
            answer=actions.ActionSchema(),
            parameters=of_action,
            errors=(GroupNotFound, ActionNotFound, Forbidden, Silenced, AlreadyUndone, TooLate),
        ),
        Route(
            "POST",
            "/groups/{id}/actions/{action}/end",
            "end_action",
            _end,
            "Let a ban or a silence be over, as who could do it; nothing comes back",
            answer=actions.ActionSchema(),
            parameters=of_action,
            errors=(GroupNotFound, ActionNotFound, Forbidden, Silenced, AlreadyUndone, NotInForce),
        ),
    ]


async def _act(call: Call) -> dict[str, Any]:
    said = call.body
    actions.require_fit(said)
    people = said.get("users") or ([said["user"]] if "user" in said else [])
    wanted = Wanted(
        kind=said["kind"],
        user_ids=tuple(people),
        message_id=said.get("message_id"),
        until=said.get("until"),
        remove=said.get("remove", "none"),
        reason=said.get("reason"),
    )
    return {"actions": await call.services.actions.act(call.caller.user_id, call.path["id"], wanted)}


async def _list(call: Call) -> ActionPage:
    asked: dict[str, Any] = {name: call.query[name] for name in ("before", "kind", "active", "limit")}
    return await call.services.actions.page(call.caller.user_id, call.path["id"], about=call.query["user"], **asked)


async def _removed(call: Call) -> RemovedPage:
    return await call.services.actions.removed(call.caller.user_id, call.path["id"], call.path["action"], **call.query)


async def _undo_all(call: Call) -> None:
    await call.services.actions.undo_all(call.caller.user_id, call.path["id"], call.body["actor"], call.body["since"])


async def _undo(call: Call) -> Action:
    return await call.services.actions.undo(call.caller.user_id, call.path["id"], call.path["action"])


async def _end(call: Call) -> Action:
    return await call.services.actions.end(call.caller.user_id, call.path["id"], call.path["action"])

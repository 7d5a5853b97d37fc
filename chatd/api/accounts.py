"""All accounts, as administrators see them."""

from chatd import schemas
from chatd.api.endpoint import Call, Route
from chatd.errors import AdministratorsOnly, CannotDisableSelf, UserNotFound
from chatd.models import Account, AccountPage
from chatd.schemas.people import AccountPageSchema, AccountSchema, AccountsQuery


def routes() -> list[Route]:
    """Return the routes for all accounts."""
    return [
        Route(
            "GET",
            "/admin/accounts",
            "list_accounts",
            _list,
            "All accounts, by user id, for administrators",
            answer=AccountPageSchema(),
            query=AccountsQuery(),
            errors=(AdministratorsOnly,),
        ),
        Route(
            "POST",
            "/admin/accounts/{id}/disable",
            "disable_account",
            _disable,
            "Shut an account out and end its sessions, as an administrator",
            answer=AccountSchema(),
            parameters=schemas.PathId(),
            errors=(AdministratorsOnly, UserNotFound, CannotDisableSelf),
        ),
        Route(
            "POST",
            "/admin/accounts/{id}/enable",
            "enable_account",
            _enable,
            "Let a disabled account sign in again, as an administrator",
            answer=AccountSchema(),
            parameters=schemas.PathId(),
            errors=(AdministratorsOnly, UserNotFound),
        ),
    ]


async def _list(call: Call) -> AccountPage:
    return await call.services.administration.accounts(
        call.caller.user_id, query=call.query.get("q"), after=call.query["after"], limit=call.query["limit"]
    )


async def _disable(call: Call) -> Account:
    return await call.services.administration.disable(call.caller.user_id, call.path["id"])


async def _enable(call: Call) -> Account:
    return await call.services.administration.enable(call.caller.user_id, call.path["id"])

"""The caller's own account: profile, password, and deletion."""

from chatd import schemas
from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Call, Route
from chatd.config import Config
from chatd.errors import WrongPassword
from chatd.models import User
from chatd.schemas import people


def routes(config: Config) -> list[Route]:
    """Return the routes for one's own account."""
    return [
        Route("GET", "/users/me", "get_own_account", _own, "My account", answer=schemas.MeSchema()),
        Route(
            "PUT",
            "/users/me",
            "update_profile",
            _update_profile,
            "Change my profile",
            answer=schemas.UserSchema(),
            body=JsonBody(schemas.ProfileBody()),
        ),
        Route(
            "POST",
            "/users/me/password",
            "change_password",
            _change_password,
            "Change my password; my other sessions end",
            status=204,
            body=JsonBody(schemas.ChangePasswordBody(password_min=config.accounts.password_min)),
            errors=(WrongPassword,),
        ),
        Route(
            "DELETE",
            "/users/me",
            "delete_account",
            _delete,
            "Delete my account; what I wrote goes soon after",
            status=204,
            body=JsonBody(people.DeleteAccountBody()),
            errors=(WrongPassword,),
        ),
    ]


async def _own(call: Call) -> User:
    return await call.services.accounts.get(call.caller.user_id)


async def _update_profile(call: Call) -> User:
    """Change the caller's profile; clients may repeat values that stay the same, even ones refused today."""
    schemas.refuse_new_texts(call.body, await call.services.accounts.get(call.caller.user_id))
    return await call.services.accounts.update_profile(call.caller.user_id, call.body)


async def _change_password(call: Call) -> None:
    user = await call.services.accounts.get(call.caller.user_id)
    schemas.refuse_username_as_password(call.body["new_password"], user.username, "new_password")
    await call.services.accounts.change_password(
        call.caller, call.body["old_password"], call.body["new_password"], address=call.address
    )


async def _delete(call: Call) -> None:
    await call.services.accounts.delete(call.caller, call.body["password"], address=call.address)

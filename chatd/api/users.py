"""People: profiles, and finding somebody."""

from chatd import schemas
from chatd.api.endpoint import Call
from chatd.models import User


async def get(call: Call) -> User:
    """Return a user; without a token, only one who can be written to."""
    user_id: int = call.path["id"]
    if call.identity is None:
        return await call.services.accounts.get_enabled(user_id)
    return await call.services.accounts.get(user_id)


async def search(call: Call) -> list[User]:
    """Return users by part of their names, or the one with a whole username."""
    if "username" in call.query:
        user = await call.services.accounts.named(call.query["username"])
        is_ai = call.query.get("is_ai")
        return [] if user is None or is_ai not in (None, user.is_ai) else [user]
    return await call.services.accounts.search(
        call.query.get("q"), is_ai=call.query.get("is_ai"), skip=call.query["skip"], limit=call.query["limit"]
    )


async def update_profile(call: Call) -> User:
    """Change the caller's profile; clients may also send what has not changed."""
    schemas.refuse_new_texts(call.body, await call.services.accounts.get(call.caller.user_id))
    return await call.services.accounts.update_profile(call.caller.user_id, call.body)


async def change_password(call: Call) -> None:
    """Replace the caller's password."""
    user = await call.services.accounts.get(call.caller.user_id)
    schemas.refuse_username_as_password(call.body["new_password"], user.username, "new_password")
    await call.services.accounts.change_password(
        call.caller, call.body["old_password"], call.body["new_password"], address=call.address
    )

"""People and bots: finding them, and looking at one."""

from chatd import schemas
from chatd.api.endpoint import Call, Route
from chatd.config import Config
from chatd.errors import UserNotFound
from chatd.models import User


def routes(config: Config) -> list[Route]:
    """Return the routes for other people's profiles."""
    return [
        Route(
            "GET",
            "/users/",
            "search_users",
            _search,
            "Find people and bots",
            answer=schemas.BriefSchema(),
            many=True,
            query=schemas.UserSearchQuery(),
        ),
        Route(
            "GET",
            "/users/{id}",
            "get_user",
            _get,
            "A user",
            answer=schemas.UserSchema(),
            anonymous=config.accounts.profiles == "public",
            parameters=schemas.PathId(),
            errors=(UserNotFound,),
        ),
    ]


async def _search(call: Call) -> list[User]:
    """Return users by part of their names, or the one user with a whole username."""
    if "username" in call.query:
        user = await call.services.accounts.named(call.query["username"])
        is_ai = call.query.get("is_ai")
        return [] if user is None or is_ai not in (None, user.is_ai) else [user]
    return await call.services.accounts.search(
        call.query.get("q"), is_ai=call.query.get("is_ai"), skip=call.query["skip"], limit=call.query["limit"]
    )


async def _get(call: Call) -> User:
    """Return a user; a caller without a token sees only users who can be written to."""
    user_id: int = call.path["id"]
    if call.identity is None:
        return await call.services.accounts.get_enabled(user_id)
    return await call.services.accounts.get(user_id)

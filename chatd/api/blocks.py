"""Whom the caller blocks."""

from chatd import schemas
from chatd.api.endpoint import Call, Route
from chatd.errors import CannotBlockSelf, UserNotFound
from chatd.models import Block
from chatd.schemas import people


def routes() -> list[Route]:
    """Return the routes for blocks."""
    by_id = schemas.PathId()
    return [
        Route(
            "GET",
            "/users/me/blocks",
            "list_blocks",
            _list,
            "Whom I block, the newest first",
            answer=people.BlockSchema(),
            many=True,
            query=people.BlocksQuery(),
        ),
        Route(
            "PUT",
            "/users/{id}/block",
            "block_user",
            _block,
            "Block somebody: what they write does not reach me, and they cannot tell",
            parameters=by_id,
            status=204,
            errors=(UserNotFound, CannotBlockSelf),
        ),
        Route(
            "DELETE",
            "/users/{id}/block",
            "unblock_user",
            _unblock,
            "Block somebody no longer",
            parameters=by_id,
            status=204,
            errors=(UserNotFound,),
        ),
    ]


async def _list(call: Call) -> list[Block]:
    return await call.services.blocks.page(call.caller.user_id, skip=call.query["skip"], limit=call.query["limit"])


async def _block(call: Call) -> None:
    await call.services.blocks.block(call.caller.user_id, call.path["id"])


async def _unblock(call: Call) -> None:
    await call.services.blocks.unblock(call.caller.user_id, call.path["id"])

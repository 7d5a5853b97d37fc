"""Events by long polling, for clients that cannot open a socket."""

import asyncio
from functools import partial
from typing import Any

from chatd.api.endpoint import LOG_POSITION, Answer, Call, Route, required_token
from chatd.errors import ResyncNeeded
from chatd.events import Replay
from chatd.http.context import REGISTRY
from chatd.schemas import events
from chatd.schemas.commands import SYNC_DEFAULT

#: How often a long poll checks that its client is still there and its session still lives, in seconds.
POLL_CHECK_INTERVAL = 5.0


def routes(check_interval: float) -> list[Route]:
    """Return the route for events.

    :param check_interval: how often a long poll checks on its client, in seconds.
    """
    return [
        Route(
            "GET",
            "/messages/events",
            "list_events",
            partial(_poll, check_interval=check_interval),
            "What has changed since a cursor; waits for it if there is nothing yet",
            answer=events.EventPageSchema(),
            query=events.EventsQuery(),
            errors=(ResyncNeeded,),
            headers=LOG_POSITION,
        ),
    ]


async def _poll(call: Call, *, check_interval: float) -> Answer:
    """Return what the socket would have sent after a cursor; if there is nothing yet, wait for it."""
    user_id = call.caller.user_id
    registry = call.request.app[REGISTRY]
    loop = asyncio.get_running_loop()
    epoch, since, seconds = call.query["epoch"], call.query["since"], call.query["timeout"]
    if call.request.method == "HEAD":  # there is no body to wait for
        seconds = 0
    position = await call.services.sync.position()
    end = loop.time() + seconds
    while True:
        with registry.next_change(user_id) as changed:
            page = await call.services.sync.replay(user_id, epoch=epoch, since=since, limit=SYNC_DEFAULT)
            left = end - loop.time()
            if page.events or since is None or left <= 0:
                break
            await asyncio.wait([changed], timeout=min(left, check_interval))
            await call.services.sessions.authenticate(required_token(call.request.headers))
            if call.request.transport is None or registry.is_stopping:
                break
    return Answer.at_log_position(_page(page), position.epoch, page.cursor)


def _page(page: Replay) -> dict[str, Any]:
    return {"events": [events.event(event) for event in page.events], "cursor": page.cursor, "more": page.more}

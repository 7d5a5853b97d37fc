"""What is counted only while somebody may read it."""

import asyncio
from collections import Counter

from aiohttp import web

from chatd.consumers import Consumer
from chatd.events import (
    ActionChanged,
    Change,
    Event,
    GroupChanged,
    GroupEnded,
    InvitationChanged,
    JoinRequestChanged,
    LevelChanged,
    MembershipChanged,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    MessagesRemoved,
    MessagesRestored,
    Moderated,
    PinChanged,
    ProfileChanged,
    ReactionChanged,
    ReadMarkerMoved,
)
from chatd.places import UserPlace
from chatd.stats import DURATIONS, Histogram

#: How often the event loop is asked to call back, in seconds.
LAG_INTERVAL = 0.25

#: The kinds of changes other than new messages, by the names they have in the change log.
KINDS: dict[type[Change], str] = {
    MessageEdited: "edit",
    MessageDeleted: "delete",
    ReactionChanged: "reaction",
    ReadMarkerMoved: "read",
    ProfileChanged: "profile",
    MembershipChanged: "membership",
    GroupChanged: "group",
    GroupEnded: "group_ended",
    InvitationChanged: "invitation",
    JoinRequestChanged: "join_request",
    LevelChanged: "notify",
    ActionChanged: "action",
    Moderated: "moderated",
    MessagesRemoved: "messages_removed",
    MessagesRestored: "messages_restored",
    PinChanged: "pin",
}


class Watch(Consumer):
    """Counts committed changes and answers, and measures how late the event loop is."""

    name = "metrics"
    kinds = (Change,)

    def __init__(self) -> None:
        super().__init__()
        self.messages = {"private": 0, "group": 0}
        self.changes = dict.fromkeys(KINDS.values(), 0)
        #: By status; those of failures are there from the start, so that the first is a change.
        self.responses: Counter[int] = Counter({200: 0, 500: 0, 503: 0})
        self.loop_lag = Histogram(DURATIONS)

    async def start(self) -> None:
        """Begin to measure."""
        self.spawn(self.watch_loop())

    def consume(self, event: Event) -> None:
        """Count a change."""
        if isinstance(event, MessageCreated):
            self.messages["private" if isinstance(event.message.to, UserPlace) else "group"] += 1
        elif isinstance(event, Change):
            self.changes[KINDS[type(event)]] += 1

    async def count_response(self, _: web.Request, response: web.StreamResponse) -> None:
        """Count an answer, as a signal of aiohttp."""
        self.count_status(response.status)

    def count_status(self, status: int) -> None:
        """Count an answer."""
        self.responses[status] += 1

    async def watch_loop(self) -> None:
        """Measure the lag of the running event loop for as long as this runs."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_INTERVAL
            await asyncio.sleep(LAG_INTERVAL)
            self.loop_lag.observe(max(0.0, loop.time() - due))

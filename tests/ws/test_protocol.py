"""The protocol of a chatd.v2 session without a server: what it is told goes in, frames come out."""

import json
from typing import Any

import pytest

from chatd.delivery.frames import Frames
from chatd.errors import MessageNotFound, RateLimited
from chatd.events import Change, PresenceChanged, ReactionChanged, Replay, Typing
from chatd.models import LogPosition, User
from chatd.places import UserPlace
from chatd.ws.protocol import PAGE_BYTES, WINDOW, V2Protocol

USER = User(
    id=1,
    username="alice",
    nickname="Alice",
    avatar_path=None,
    bio=None,
    is_ai=False,
    role="member",
    created_at=0,
    disabled_at=None,
)


def change(seq: int, emoji: str = "👍") -> Change:
    """Return a change with a place in the log."""
    return ReactionChanged(seq=seq, recipients=(1,), message_id=1, user_id=2, emoji=emoji, on=True)


def typing() -> Typing:
    """Return a passing event that may be missed."""
    return Typing(recipients=(1,), user_id=2, place=UserPlace(1))


def presence() -> PresenceChanged:
    """Return a passing event that may not be missed."""
    return PresenceChanged(recipients=(1,), user_id=2, online=True, at=0)


class Session:
    """A protocol, and what it has sent."""

    def __init__(self) -> None:
        self.head = 0
        self.quiet: list[bytes] = []
        self._sent: list[bytes] = []
        self.protocol = V2Protocol(self._sent.append, self.quiet.append, lambda: self.head)

    def tell(self, *events: Change | Typing | PresenceChanged) -> None:
        """Tell it committed and passing events."""
        for event in events:
            self.protocol.tell(Frames(event))

    def catch_up(self, cursor: int) -> None:
        """Sync to the end of an empty log."""
        self.protocol.begin_sync()
        assert self.protocol.replay("sync", Replay([], cursor, more=False))
        self.sent()

    def sent(self) -> list[dict[str, Any]]:
        """Return the frames sent since the last call."""
        frames = [json.loads(frame[frame.index(b"{") :]) for frame in self._sent]
        self._sent.clear()
        return frames

    def seqs(self) -> list[int | None]:
        """Return the place of each frame sent since the last call."""
        return [frame.get("seq") for frame in self.sent()]


@pytest.fixture
def session() -> Session:
    return Session()


def test_hello_is_the_first_frame_and_no_restart_is_announced_before_it(session: Session) -> None:
    session.protocol.warn_of_restart(500)
    assert session.sent() == []
    session.protocol.hello(LogPosition("e", 7), USER, 3, heartbeat_ms=1000, max_frame_bytes=64)
    session.protocol.warn_of_restart(500)
    hello, restarting = session.sent()
    assert (hello["type"], hello["data"]["cursor"], hello["data"]["session_id"]) == ("hello", 7, 3)
    assert restarting == {"type": "restarting", "data": {"retry_after_ms": 500}}


def test_nothing_is_told_before_a_sync(session: Session) -> None:
    session.tell(change(1), typing(), presence())
    assert session.sent() == []


def test_after_a_sync_each_change_is_told_once_and_in_order(session: Session) -> None:
    session.catch_up(5)
    session.tell(change(4), change(5), change(6), change(7), change(7))
    assert session.seqs() == [6, 7]


def test_what_is_committed_while_a_sync_is_read_follows_the_page_and_is_told_once(session: Session) -> None:
    session.protocol.begin_sync()
    session.tell(change(2), change(3), change(4))
    assert session.sent() == []
    assert session.protocol.replay("s", Replay([change(1), change(2), change(3)], 3, more=False))
    frames = session.sent()
    assert [frame.get("seq") for frame in frames] == [1, 2, 3, None, 4]
    assert frames[3] == {"type": "ack", "re": "s", "data": {"cursor": 3, "more": False}}


def test_between_two_pages_nothing_flows_and_nothing_is_missed(session: Session) -> None:
    session.protocol.begin_sync()
    assert not session.protocol.replay("a", Replay([change(1)], 1, more=True))
    session.tell(change(3))
    assert session.sent()[-1]["data"] == {"cursor": 1, "more": True}
    session.protocol.begin_sync()
    assert session.protocol.replay("b", Replay([change(2), change(3)], 3, more=False))
    assert session.seqs() == [2, 3, None]


def test_a_page_that_is_too_long_ends_early_and_says_where(session: Session) -> None:
    changes = [change(seq, "x" * 1000) for seq in range(1, 400)]
    session.protocol.begin_sync()
    assert not session.protocol.replay("a", Replay(changes, 399, more=False))
    *events, ack = session.sent()
    assert ack["data"] == {"cursor": events[-1]["seq"], "more": True}
    assert PAGE_BYTES <= sum(len(json.dumps(event, ensure_ascii=False)) for event in events) < 2 * PAGE_BYTES


def test_a_sync_that_fails_leaves_the_client_without_events_until_the_next_one(session: Session) -> None:
    session.catch_up(1)
    session.protocol.begin_sync()
    session.tell(change(2))
    session.protocol.end_sync()
    session.tell(change(3))
    assert session.sent() == []
    session.protocol.begin_sync()
    assert session.protocol.replay("s", Replay([change(2), change(3)], 3, more=False))
    assert session.seqs() == [2, 3, None]


def test_an_ack_takes_the_place_of_the_event_of_its_own_command(session: Session) -> None:
    session.catch_up(1)
    session.tell(change(2))
    session.protocol.acknowledge("c", '{"up_to":1}', 3)
    session.tell(change(3), change(4))
    frames = session.sent()
    assert [frame.get("seq") for frame in frames] == [2, 3, 4]
    assert frames[1] == {"type": "ack", "re": "c", "seq": 3, "data": {"up_to": 1}}


def test_an_ack_before_the_client_has_caught_up_names_no_place(session: Session) -> None:
    session.protocol.acknowledge("c", "{}", 3)
    assert session.sent() == [{"type": "ack", "re": "c", "data": {}}]
    session.protocol.begin_sync()
    assert session.protocol.replay("s", Replay([change(3)], 3, more=False))
    assert session.seqs() == [3, None]


def test_a_pong_says_how_far_the_client_has_been_told(session: Session) -> None:
    session.protocol.pong()
    assert session.sent() == [{"type": "pong", "data": {"cursor": None}}]
    session.catch_up(5)
    session.protocol.pong()
    session.head = 9  # changes that did not concern this user
    session.protocol.pong()
    assert [frame["data"]["cursor"] for frame in session.sent()] == [5, 9]


def test_typing_may_be_missed_and_presence_may_not(session: Session) -> None:
    session.catch_up(1)
    session.tell(typing(), presence())
    assert len(session.quiet) == 1
    assert [frame["type"] for frame in session.sent()] == ["presence"]


def test_who_came_before_the_sync_has_ended_makes_the_list_due_again(session: Session) -> None:
    session.protocol.greet([2])
    assert session.sent() == [{"type": "presence_list", "data": {"online": [2]}}]
    session.tell(presence())
    assert not session.protocol.greeted


def test_a_refusal_says_the_code_and_when_to_come_again(session: Session) -> None:
    session.protocol.refuse("c", MessageNotFound())
    session.protocol.refuse(None, RateLimited(0.5))
    session.protocol.refuse("d", ValueError("unforeseen"))
    first, second, third = session.sent()
    assert (first["re"], first["error"]["code"]) == ("c", "not_found")
    assert (second["re"], second["error"]["retry_after_ms"]) == (None, 501)
    assert (third["error"]["code"], "unforeseen" in json.dumps(third)) == ("internal_error", False)


def test_no_more_commands_than_the_window_are_on_their_way(session: Session) -> None:
    session.protocol.on_way = WINDOW - 1
    assert not session.protocol.is_full
    session.protocol.on_way += 1
    assert session.protocol.is_full

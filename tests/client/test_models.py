"""What the server says, as objects."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client import Cursor, Event, Message, NewMessage
from chatd.client.events import event_of

ALICE = {"id": 1, "username": "alice", "nickname": "Alice", "avatar_path": None, "is_ai": False}

CLASSIC: dict[str, Any] = {
    "id": 7,
    "sender_id": 1,
    "receiver_id": 2,
    "group_id": None,
    "content": "hi",
    "is_read": False,
    "created_at": "2026-01-31T08:15:00.250Z",
    "sender": ALICE,
}


@given(st.text(min_size=1).filter(lambda text: text == text.strip()), st.integers(min_value=0))
def test_a_cursor_can_be_kept_as_text(epoch: str, seq: int) -> None:
    cursor = Cursor(epoch, seq)
    assert Cursor.parse(f"{cursor}\n") == cursor


@pytest.mark.parametrize("text", ["", "e", ":1", "e:", "e:x", "e:-1", "e:1.5", "e:٣"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        Cursor.parse(text)


def test_a_message_of_either_form_is_a_message() -> None:
    classic = Message.of(CLASSIC)
    assert classic.created_at == datetime(2026, 1, 31, 8, 15, 0, 250_000, UTC)
    assert (classic.sender.nickname, classic.client_id, classic.reactions) == ("Alice", None, ())
    more = {"client_id": "c", "edited_at": CLASSIC["created_at"], "deleted_at": None, "reply_to": 3}
    message = Message.of({**CLASSIC, **more, "reactions": [{"emoji": "👍", "user_ids": [2, 3]}], "color": "red"})
    assert (message.client_id, message.edited_at, message.reply_to) == ("c", classic.created_at, 3)
    assert [(each.emoji, each.user_ids) for each in message.reactions] == [("👍", (2, 3))]


def test_an_event_of_an_unknown_type_or_form_comes_as_it_is() -> None:
    cursor = Cursor("e", 5)
    assert isinstance(event_of("new_message", CLASSIC, cursor), NewMessage)
    frames: list[tuple[str, dict[str, Any]]] = [
        ("poll_opened", {"id": 3}),
        ("new_message", {"id": 3}),
        ("presence_list", {"online": None}),
    ]
    for kind, data in frames:
        event = event_of(kind, data, cursor)
        assert type(event) is Event
        assert (event.type, event.data, event.cursor) == (kind, data, cursor)

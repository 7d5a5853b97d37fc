"""Places: where somebody finds a conversation, whichever object tells of it."""

from typing import Any

import pytest

from chatd.client import Conversation, Cursor, GroupPlace, Message, MessageDeleted, Place, Read, Typing, UserPlace
from chatd.client.events import event_of

ADA, GRACE = 1, 2
CURSOR = Cursor("log", 1)
SENDER = {"id": ADA, "username": "ada", "nickname": "Ada", "avatar_path": None, "is_ai": False}
TIME = "2026-01-31T12:00:00.000Z"


def message(**fields: Any) -> dict[str, Any]:
    """Return a message of Ada's as the server sends it."""
    return {
        "id": 7, "sender_id": ADA, "receiver_id": None, "group_id": None, "content": "hi", "is_read": False,
        "created_at": TIME, "sender": SENDER, **fields,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "for_ada", "for_grace"),
    [
        ({"receiver_id": GRACE}, UserPlace(GRACE), UserPlace(ADA)),
        ({"group_id": 5}, GroupPlace(5), GroupPlace(5)),
    ],
)
def test_a_message_is_where_each_of_its_readers_finds_it(
    fields: dict[str, Any], for_ada: Place, for_grace: Place
) -> None:
    told = event_of("message_deleted", {**message(**fields), "deleted_at": TIME}, CURSOR)
    assert isinstance(told, MessageDeleted)
    for each in (Message.of(message(**fields)), told):
        assert (each.place_for(ADA), each.place_for(GRACE)) == (for_ada, for_grace)


def test_what_is_read_is_where_the_reader_and_the_other_find_it() -> None:
    private = event_of("read", {"reader_id": ADA, "user_id": GRACE, "group_id": None, "up_to": 7}, CURSOR)
    group = event_of("read", {"reader_id": ADA, "user_id": None, "group_id": 5, "up_to": 7}, CURSOR)
    assert isinstance(private, Read)
    assert isinstance(group, Read)
    assert [private.place_for(ADA), private.place_for(GRACE)] == [UserPlace(GRACE), UserPlace(ADA)]
    assert [group.place_for(ADA), group.place_for(GRACE)] == [GroupPlace(5), GroupPlace(5)]


def test_typing_is_with_the_writer_or_in_the_group() -> None:
    found = [event_of("typing", {"user_id": ADA, "group_id": group_id}, None) for group_id in (None, 5)]
    assert [each.place for each in found if isinstance(each, Typing)] == [UserPlace(ADA), GroupPlace(5)]


def test_a_conversation_is_with_a_user_or_in_a_group() -> None:
    common = {"last_message": None, "unread_count": 0, "read_up_to": 0, "others_read_up_to": 0}
    assert Conversation.of({"user": SENDER, **common}).place == UserPlace(ADA)
    assert Conversation.of({"group": {"id": 5, "name": "Chess"}, **common}).place == GroupPlace(5)


def test_a_user_and_a_group_with_one_number_are_two_places() -> None:
    assert len({UserPlace(5), GroupPlace(5), UserPlace(5)}) == 2

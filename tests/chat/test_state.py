"""What is known of the chats, after what happened in whichever order."""

from dataclasses import replace
from datetime import UTC, datetime

from chatd.chat.state import State
from chatd.client import (
    Brief,
    Conversation,
    Conversations,
    Cursor,
    Message,
    MessageDeleted,
    MessagePage,
    NewMessage,
    Profile,
    Read,
    UserPlace,
)

ADA = Brief(1, "ada", "Ada", None, False)
GRACE = Brief(2, "grace", "Grace", None, False)
CHAT = UserPlace(2)


def message(number: int, sender: Brief = GRACE) -> Message:
    """Return a message between the two."""
    receiver = ADA if sender == GRACE else GRACE
    return Message(number, sender.id, receiver.id, None, f"m{number}", False, datetime.now(UTC), sender)


def loaded(unread: int, seq: int) -> State:
    """Return a state in which message 10 is the last one."""
    state = State(ADA)
    conversation = Conversation(GRACE, None, message(10), unread, 10 - unread, 0)
    state.load(Conversations((conversation,), False, Cursor("e", seq)))
    return state


def came(state: State, each: Message, seq: int) -> None:
    """Let a message arrive."""
    state.apply(NewMessage(type="new_message", data={}, cursor=Cursor("e", seq), message=each))


def test_a_message_that_the_count_includes_already_is_not_counted_again() -> None:
    state = loaded(unread=2, seq=50)
    came(state, message(11), 50)
    assert state.chats[CHAT].unread == 2
    came(state, message(12), 51)
    came(state, message(12), 51)
    assert state.chats[CHAT].unread == 3


def gone(state: State, number: int, seq: int, sender: Brief = GRACE) -> None:
    """Delete a message."""
    receiver = ADA if sender == GRACE else GRACE
    state.apply(
        MessageDeleted(
            type="message_deleted",
            data={},
            cursor=Cursor("e", seq),
            message_id=number,
            sender_id=sender.id,
            receiver_id=receiver.id,
            group_id=None,
            deleted_at=datetime.now(UTC),
        )
    )


def test_what_was_taken_back_is_not_unread() -> None:
    state = loaded(unread=3, seq=50)
    came(state, message(51), 51)
    came(state, message(52), 52)
    assert state.unread == 5
    gone(state, 51, 53)
    gone(state, 9, 54)  # known by its count only
    assert state.unread == 3
    gone(state, 10, 55)
    gone(state, 5, 56)  # read long ago
    came(state, message(57, ADA), 57)
    gone(state, 57, 58, ADA)
    assert (state.unread, state.is_stale) == (2, False)
    assert state.chats[CHAT].last is not None


def test_what_the_count_knows_to_be_taken_back_is_not_taken_off_again() -> None:
    state = loaded(unread=2, seq=50)
    gone(state, 9, 50)
    assert state.unread == 2


def test_what_comes_as_taken_back_is_not_counted() -> None:
    state = loaded(unread=1, seq=50)
    came(state, replace(message(51), content="", deleted_at=datetime.now(UTC)), 51)
    gone(state, 51, 52)
    assert (state.unread, state.is_stale) == (1, True), "whether it was counted, the server is asked"


def test_what_was_loaded_as_taken_back_before_that_was_told_is_taken_off_the_count() -> None:
    state = loaded(unread=2, seq=50)
    deleted = replace(message(10), content="", deleted_at=datetime.now(UTC))
    state.add_page(state.chats[CHAT], MessagePage((message(9), deleted), False, False), newest=True)
    gone(state, 10, 51)
    assert (state.unread, state.is_stale) == (1, False)


def test_ones_own_messages_are_not_unread() -> None:
    state = loaded(unread=0, seq=50)
    came(state, message(11, ADA), 51)
    assert state.unread == 0


def test_what_is_read_elsewhere_in_part_is_to_be_loaded_again() -> None:
    state = loaded(unread=5, seq=50)
    state.apply(Read(type="read", data={}, cursor=Cursor("e", 51), reader_id=1, user_id=2, group_id=None, up_to=8))
    assert (state.is_stale, state.unread) == (True, 5)
    state.is_stale = False
    state.apply(Read(type="read", data={}, cursor=Cursor("e", 52), reader_id=1, user_id=2, group_id=None, up_to=10))
    assert (state.is_stale, state.unread) == (False, 0)


def test_a_new_name_is_seen_everywhere() -> None:
    state = loaded(unread=0, seq=50)
    came(state, message(11), 51)
    state.apply(Profile(type="profile", data={}, cursor=Cursor("e", 52), user=replace(GRACE, nickname="Admiral")))
    chat = state.chats[CHAT]
    assert (chat.name, chat.messages[11].sender.nickname) == ("Admiral", "Admiral")


def test_somebody_who_is_not_known_by_name_is_to_be_loaded() -> None:
    state = State(ADA)
    came(state, message(11, ADA), 51)
    assert state.is_stale
    assert state.chats[CHAT].name == ""

"""What is known of the chats, after what happened in whichever order."""

from dataclasses import replace
from datetime import UTC, datetime

from chatd.chat.state import Key, State
from chatd.client import Brief, Conversation, Conversations, Cursor, Message, NewMessage, Profile, Read

ADA = Brief(1, "ada", "Ada", None, False)
GRACE = Brief(2, "grace", "Grace", None, False)
CHAT = Key("user", 2)


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
    """Have a message come."""
    state.apply(NewMessage(type="new_message", data={}, cursor=Cursor("e", seq), message=each))


def test_a_message_that_the_count_includes_already_is_not_counted_again() -> None:
    state = loaded(unread=2, seq=50)
    came(state, message(11), 50)
    assert state.chats[CHAT].unread == 2
    came(state, message(12), 51)
    came(state, message(12), 51)
    assert state.chats[CHAT].unread == 3


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

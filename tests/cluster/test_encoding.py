"""Events as bytes: all there are, and what another version of the program may send."""

from collections.abc import Iterator

import msgspec
import pytest

from chatd import events
from chatd.cluster.encoding import KINDS, Undecodable, decode, encode
from chatd.events import Event, MessageCreated, PresenceChanged, SessionEnded, WorkLeft
from chatd.models import Action, Group, Members, Message, Reaction, User
from chatd.places import GroupPlace, UserPlace

ANNA = User(1, "anna", "Anna 🌸", None, "likes tea", False, "admin", 1_700_000_000_000, None)

GROUP = Group(7, "Chess", "Every Monday", None, True, 5, 6, "admin", "member", 2, True, 1)

ACTION = Action(
    id=2,
    group_id=7,
    kind="ban",
    actor=ANNA,
    user=None,
    reason="flood",
    from_id=3,
    to_id=4,
    until=9,
    before={"role": "member"},
    after=None,
    created_at=1,
    undone_at=2,
    undone_by=ANNA,
    ended_at=None,
    undoable=False,
)

MESSAGES = [
    Message(2**53 - 1, ANNA, UserPlace(2), "hi", "c-1", False, 1_700_000_000_001),
    Message(
        6,
        ANNA,
        GroupPlace(3),
        " \n",
        None,
        True,
        1,
        edited_at=2,
        deleted_at=3,
        reply_to=4,
        reactions=(Reaction("👍", (1, 2), 70),),
        mentions=(1, 2),
        mentions_all=True,
        thread=2,
        replies=3,
        last_reply=9,
    ),
]

EXAMPLES: list[Event] = [
    *(events.MessageCreated(seq=5, recipients=(1, 2), message=each, is_first=True) for each in MESSAGES),
    *(events.MessageEdited(seq=5, recipients=(1,), message=each) for each in MESSAGES),
    *(events.MessageDeleted(seq=5, recipients=(), message=each) for each in MESSAGES),
    events.ReactionChanged(seq=5, recipients=(1, 2), message_id=1, user_id=2, emoji="❤", on=False),
    events.ReadMarkerMoved(seq=5, recipients=(1, 2), reader_id=1, place=UserPlace(2), up_to=4),
    events.ReadMarkerMoved(seq=5, recipients=(1, 2), reader_id=1, place=GroupPlace(2), up_to=4),
    events.ProfileChanged(seq=5, recipients=(1, 2), user=ANNA),
    events.MembershipChanged(seq=5, recipients=(1, 2), group_id=7, user_id=2, role="admin", how="role", user=ANNA),
    events.MembershipChanged(seq=5, recipients=(1, 2), group_id=7, user_id=2, role=None),
    events.GroupChanged(seq=5, recipients=(1, 2), group=GROUP),
    events.GroupEnded(seq=5, recipients=(1, 2), group_id=7),
    events.InvitationChanged(seq=5, recipients=(1,), group=GROUP.preview, sender=ANNA, on=True),
    events.JoinRequestChanged(seq=5, recipients=(1, 2), group_id=7, user=ANNA, note="Hello", on=True),
    events.LevelChanged(seq=5, recipients=(1,), place=GroupPlace(7), notify="named", muted_until=None),
    events.ActionChanged(seq=5, recipients=(1, 2), action=ACTION),
    events.Moderated(seq=5, recipients=(1,), group_id=7, kind="ban", reason=None, until=9, undone=False),
    events.MessagesRemoved(seq=5, recipients=(1, 2), group_id=7, user_id=1, from_id=3, to_id=4, action_id=2),
    events.MessagesRestored(seq=5, recipients=(1, 2), group_id=7, user_id=1, from_id=3, to_id=4, action_id=2),
    events.PinChanged(seq=5, recipients=(1, 2), group_id=7, message_id=4, user_id=1, on=True),
    events.SessionEnded(recipients=(1,), session_id=9),
    events.UserDisabled(recipients=(1,)),
    events.AccountDeleted(recipients=(1,)),
    events.CommunityChanged(recipients=()),
    events.BlockChanged(recipients=(1,), blocker_id=1, blocked_id=2, on=True, are_acquainted=False),
    events.Typing(recipients=(1, 2), user_id=2, place=GroupPlace(4)),
]

#: Each process finds out for itself whom it tells of who came and went, and which messages are still to be removed.
NEVER_SENT = {PresenceChanged, WorkLeft}


def kinds(base: type[Event] = Event) -> Iterator[type[Event]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_kind_of_event_has_an_example_here() -> None:
    assert {type(each) for each in EXAMPLES} == set(kinds()) - {events.Change} - NEVER_SENT == set(KINDS)


def test_events_come_back_as_they_were() -> None:
    assert decode(encode(EXAMPLES)) == EXAMPLES
    assert decode(encode([])) == []


def test_the_connection_that_an_event_comes_from_stays_here() -> None:
    event = SessionEnded(recipients=(1,), session_id=9, origin=object())
    assert decode(encode([event])) == [SessionEnded(recipients=(1,), session_id=9)]


def test_an_event_and_a_field_of_a_newer_version_are_passed_over() -> None:
    parts = msgspec.msgpack.decode(encode(EXAMPLES[:1]))
    parts[0][1]["of_tomorrow"] = {"a": [1]}
    parts[0][1]["message"]["of_tomorrow"] = 1
    parts[0][1]["message"]["sender"]["of_tomorrow"] = "x"
    parts.insert(0, ["OfTomorrow", {"seq": 1}, b""])
    assert decode(msgspec.msgpack.encode(parts)) == EXAMPLES[:1]


def test_a_field_that_an_older_version_does_not_send_has_its_default() -> None:
    parts = msgspec.msgpack.decode(encode(EXAMPLES[:1]))
    del parts[0][1]["is_first"]
    (event,) = decode(msgspec.msgpack.encode(parts))
    assert isinstance(event, MessageCreated)
    assert not event.is_first


@pytest.mark.parametrize("members", [Members(range(1, 5_001)), Members(range(7, 2**40, 2**33)), Members(range(100))])
def test_the_members_of_a_group_come_back_as_they_were(members: Members) -> None:
    told = msgspec.structs.replace(EXAMPLES[1], recipients=members)
    assert decode(encode([told])) == [told]


def test_many_members_take_few_bytes() -> None:
    one, many = (msgspec.structs.replace(EXAMPLES[1], recipients=Members(range(1, it))) for it in (2, 5_001))
    assert len(encode([many])) < len(encode([one])) + 500


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        encode(EXAMPLES)[:-1],
        msgspec.msgpack.encode([["SessionEnded", {}, b""]]),
        msgspec.msgpack.encode([["UserDisabled", {"recipients": []}, b"no ids"]]),
    ],
)
def test_what_is_damaged_is_said_to_be(data: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(data)

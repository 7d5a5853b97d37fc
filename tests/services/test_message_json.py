"""What is written by hand for the sake of speed says what the schemas say."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError
from msgspec import structs

from chatd.events import MessageCreated
from chatd.models import MarkedRead, Message, Posted, Reaction, User
from chatd.places import GroupPlace, UserPlace
from chatd.schemas import MessageSchema, PathId, SendBody, classic_new_message, decode
from chatd.schemas.commands import COMMANDS, SendCommand
from chatd.schemas.events import CONTROL, EVENTS, event
from chatd.schemas.frames import (
    ack_frame,
    changed,
    event_frame,
    moved,
    pong_frame,
    presence_list_frame,
    restarting_frame,
    sent,
    synced,
)
from chatd.schemas.incoming import parse
from chatd.schemas.messages import FullMessageSchema
from chatd.schemas.plain import plain_body, plain_send

IDS = st.integers(1, 2**53 - 1)
TIMES = st.integers(0, 4_000_000_000_000)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)

USERS = st.builds(
    User,
    id=IDS,
    username=TEXTS,
    nickname=TEXTS,
    avatar_path=st.none() | TEXTS,
    bio=st.none() | TEXTS,
    is_ai=st.booleans(),
    role=st.just("member"),
    created_at=TIMES,
    disabled_at=st.none(),
)
MESSAGES = st.builds(
    Message,
    id=IDS,
    sender=USERS,
    to=st.builds(UserPlace, IDS) | st.builds(GroupPlace, IDS),
    content=TEXTS,
    client_id=st.none() | TEXTS,
    is_read=st.booleans(),
    created_at=TIMES,
    edited_at=st.none() | TIMES,
    deleted_at=st.none() | TIMES,
    reply_to=st.none() | IDS,
    reactions=st.lists(
        st.builds(Reaction, emoji=TEXTS, user_ids=st.lists(IDS, max_size=3).map(tuple), count=st.integers(0, 99)),
        max_size=3,
    ).map(tuple),
    mentions=st.lists(IDS, max_size=3).map(tuple),
    mentions_all=st.booleans(),
    thread=st.none() | IDS,
    replies=st.integers(0, 2**53),
    last_reply=st.none() | IDS,
)

#: What a client may say, near what it should.
SAID = st.fixed_dictionaries(
    {},
    optional={
        "user": st.one_of(IDS, st.sampled_from([0, -1, 2**53, 1.0, True, "1", None])),
        "group": st.none() | IDS,
        "content": st.one_of(
            TEXTS, st.sampled_from(["", "\0", "\ud800", "x" * 2000, "x" * 2001, "😀" * 2000, 5, None])
        ),
        "client_id": st.one_of(TEXTS, st.sampled_from(["", "\0", "\udfff", "x" * 64, "x" * 65, 5, None])),
        "reply_to": st.one_of(st.none(), IDS, st.sampled_from([0, True, "1"])),
        "more": st.just([1]),
    },
)
#: Ids of frames, near what they should be.
RES = st.one_of(
    st.text(max_size=70),
    st.integers(-(2**53) - 1, 2**53 + 1),
    st.sampled_from([None, 1.0, True, "", 2**53, -(2**53), 2**53 - 1, 10**40, "x" * 64, "x" * 65]),
)


def is_id(value: Any) -> bool:
    """Report whether a frame can have this id."""
    if isinstance(value, str):
        return 1 <= len(value) <= 64
    return type(value) is int and abs(value) < 2**53


ORDINARY = st.fixed_dictionaries({"user": IDS, "content": TEXTS, "client_id": TEXTS})


@given(MESSAGES)
def test_a_classic_message_is_what_its_schema_says(message: Message) -> None:
    expected = {"type": "new_message", "data": MessageSchema().dump(message)}
    assert json.loads(classic_new_message(message)) == expected


@given(MESSAGES)
def test_a_message_written_by_hand_has_every_field_of_its_form(message: Message) -> None:
    for schema in (MessageSchema(), FullMessageSchema()):
        written = json.loads(schema.to_json(message))
        of_groups = isinstance(message.to, GroupPlace)
        fields = {name for name, field in schema.fields.items() if field.required or of_groups}
        assert set(written) == fields, "write it in chatd/schemas/message_json.py"


@given(MESSAGES, IDS)
def test_a_new_message_is_what_its_schema_says(message: Message, seq: int) -> None:
    fact = MessageCreated(seq=seq, recipients=(), message=message)
    assert json.loads(event_frame(fact)) == event(fact)


@given(MESSAGES, st.none() | IDS, st.booleans(), st.text(min_size=1) | st.integers(-(2**53) + 1, 2**53 - 1))
def test_the_answer_to_a_send_is_what_its_schema_says(message: Message, seq: int | None, again: bool, re: Any) -> None:
    answer = json.loads(ack_frame(re, seq, sent(Posted(message, again, seq))).decode("utf-8", "surrogatepass"))
    assert answer.pop("data") == {"message": FullMessageSchema().dump(message), "duplicate": again}
    assert answer == {"type": "ack", "re": re} | ({} if seq is None else {"seq": seq})


@given(MESSAGES, IDS, st.booleans())
def test_the_answers_to_other_commands_are_what_their_schemas_say(message: Message, number: int, more: bool) -> None:
    for kind, answer, data in (
        ("edit", changed(Posted(message, duplicate=False, seq=None)), {"message": message}),
        ("delete", changed(Posted(message, duplicate=more, seq=None)), {"message": message}),
        ("read", moved(MarkedRead(number, seq=None)), {"up_to": number}),
        ("sync", synced(number, more), {"cursor": number, "more": more}),
    ):
        assert json.loads(answer) == COMMANDS[kind].answer.dump(data), kind


@given(st.none() | IDS, st.lists(IDS, max_size=3))
def test_the_frames_of_a_connection_are_what_their_schemas_say(cursor: int | None, ids: list[int]) -> None:
    forms = {**CONTROL, "presence_list": EVENTS["presence_list"].data}
    for kind, frame_of, data in (
        ("pong", pong_frame(cursor), {"cursor": cursor}),
        ("restarting", restarting_frame(len(ids)), {"retry_after_ms": len(ids)}),
        ("presence_list", presence_list_frame(ids), {"online": ids}),
    ):
        assert json.loads(frame_of) == {"type": kind, "data": forms[kind].dump(data)}


@given(MESSAGES)
def test_a_schema_writes_what_it_dumps(message: Message) -> None:
    for schema in (MessageSchema(), FullMessageSchema()):
        assert json.loads(schema.to_json(message)) == schema.dump(message)
        assert json.loads(schema.to_json([message], many=True)) == schema.dump([message], many=True)


def test_threads_that_write_at_once_each_get_their_own_message() -> None:
    sender = User(
        1, "ann", "Ann", avatar_path=None, bio=None, is_ai=False, role="member", created_at=0, disabled_at=None
    )
    together = Barrier(4)

    def write(thread: int) -> list[tuple[int, int]]:
        together.wait()
        written = []
        for number in range(thread * 1000 + 1, thread * 1000 + 501):
            message = Message(number, sender, UserPlace(2), str(number), None, is_read=False, created_at=0)
            posted = Posted(message, duplicate=False, seq=number)
            texts = (sent(posted), sent(posted))
            written += [(number, json.loads(text)["message"]["id"]) for text in texts]
        return written

    with ThreadPoolExecutor(4) as threads:
        for written in threads.map(write, range(4)):
            assert len(written) == 1000
            assert all(number == found for number, found in written)


@given(SAID | ORDINARY)
def test_an_ordinary_body_says_what_the_schema_loads_or_is_left_to_it(said: Any) -> None:
    plain = plain_body(json.dumps(said).encode())
    if plain is not None:
        assert plain == SendBody().load(said)


#: Members as they may be written: some twice, some null, some unknown, with whatever white space.
WRITTEN = st.lists(
    st.tuples(
        st.sampled_from(["content", "client_id", "user", "group", "reply_to", "more"]),
        st.sampled_from(
            ['"a"', '"\\u0061"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\u0000"', "null", "2", "2.0", "[]", '""', "x"]
        ),
    ),
    max_size=5,
)
BLANKS = st.sampled_from(["", " ", "\t\r\n", "\ufeff", "\x0b"])


def written(members: list[tuple[str, str]], blank: str) -> str:
    """Return an object of members, with something between all its parts."""
    inside = ",".join(f'{blank}"{name}"{blank}:{blank}{value}{blank}' for name, value in members)
    return f"{{{inside}}}"


@given(WRITTEN, BLANKS, BLANKS)
def test_the_short_way_to_a_body_leads_where_the_long_one_does(
    members: list[tuple[str, str]], before: str, blank: str
) -> None:
    text = before + written(members, blank)
    plain = plain_body(text.encode())
    if plain is not None:
        assert plain == SendBody().load(decode(text))
        assert plain == SendBody().load(decode(text.encode()))


@given(WRITTEN, BLANKS, BLANKS)
def test_the_short_way_to_a_frame_leads_where_the_long_one_does(
    members: list[tuple[str, str]], before: str, blank: str
) -> None:
    text = before + f'{{"id":1,"type":"send","data":{written(members, blank)}}}'
    plain = plain_send(text)
    if plain is not None:
        loaded = parse(text).load(SendCommand())
        assert {"reply_to": None, **structs.asdict(plain.data)} == loaded


@given(TEXTS, st.none() | TEXTS)
def test_every_ordinary_body_is_taken(content: str, client_id: str | None) -> None:
    said = {"content": content, "client_id": client_id}
    try:
        loaded = SendBody().load(said)
    except ValidationError:
        loaded = None
    assert plain_body(json.dumps(said).encode()) == loaded


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"content":"\xed\xa0\x80"}', b'{"content":NaN}'])
def test_what_is_no_ordinary_body_is_left_to_the_schema(body: bytes) -> None:
    assert plain_body(body) is None


@given(st.text(max_size=20) | st.integers(0, 2**54).map(str) | st.sampled_from(["007", "1" * 16, "²", "٣"]))
def test_the_short_way_to_an_id_leads_where_the_long_one_does(value: str) -> None:
    def outcome(load: Any) -> Any:
        try:
            return load({"id": value})
        except ValidationError as error:
            return error.messages

    schema = PathId()
    assert outcome(schema.load) == outcome(super(PathId, schema).load)


def frame(said: Any, re: Any = 1, **more: Any) -> str:
    """Return the text of a ``send``."""
    return json.dumps({"type": "send", "id": re, "data": said} | more)


@given(SAID | ORDINARY, RES, st.sampled_from([{}, {"more": 1}, {"type": "edit"}]))
def test_an_ordinary_send_says_what_the_schema_loads_or_is_left_to_it(said: Any, re: Any, more: Any) -> None:
    plain = plain_send(frame(said, re, **more))
    if plain is not None:
        loaded = SendCommand().load(said)
        assert loaded == {
            "user": plain.data.user,
            "content": plain.data.content,
            "client_id": plain.data.client_id,
            "reply_to": None,
        }
        assert (plain.id, more.get("type", "send")) == (re, "send")
        assert parse(frame(said, re)).re == re


@given(ORDINARY, RES)
def test_every_ordinary_send_is_taken(said: Any, re: Any) -> None:
    plain = plain_send(frame(said, re))
    try:
        SendCommand().load(said)
    except ValidationError:
        assert plain is None
    else:
        assert (plain is None) == (not is_id(re))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", '"\ud800"', '{"type":"send"}', '{"type":"send","id":1,"data":null}']
)
def test_what_is_no_send_is_left_to_the_schemas(text: str) -> None:
    assert plain_send(text) is None

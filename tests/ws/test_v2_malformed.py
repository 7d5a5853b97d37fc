"""Frames that are malformed or beyond reason: what is wrong is said, and to the command that it is about."""

from typing import Any

import pytest

from tests.support import Chat
from tests.ws.v2_client import connect, live

#: Ids that are none, and a word of the sentence that says why.
NO_ID: list[tuple[str, str]] = [
    ("9007199254740992", "2^53"),
    ("-9007199254740992", "2^53"),
    ("9007199254740993", "2^53"),
    ("18446744073709551616", "2^53"),
    ("1" + "0" * 400, "2^53"),
    ("9" * 5000, "2^53"),
    ("-" + "9" * 5000, "2^53"),
    ("1.0", "string or an integer"),
    ("1.5", "string or an integer"),
    ("1e3", "string or an integer"),
    ("1e400", "string or an integer"),
    ("true", "string or an integer"),
    ("false", "string or an integer"),
    ("[]", "string or an integer"),
    ("[1]", "string or an integer"),
    ("{}", "string or an integer"),
    ('""', "64 characters"),
    ('"' + "x" * 65 + '"', "64 characters"),
    ('"' + "😀" * 65 + '"', "64 characters"),
    ('"\\ud800"', "surrogates"),
    ('"a\\udfff"', "surrogates"),
    ("null", "must have an id"),
]

#: What is no frame, and a word of the sentence that says why.
NO_FRAME: list[tuple[str, str]] = [
    ("", "This frame is not JSON."),
    ("{", "This frame is not JSON."),
    ("{'type':'sync','id':1}", "This frame is not JSON."),
    ('{"type":"sync","id":1}}', "This frame is not JSON."),
    ('{"type":"sync","id":1,}', "This frame is not JSON."),
    ('{"type":"sync","id":1,"data":{"since":NaN}}', "This frame is not JSON."),
    ('{"type":"sync","id":1,"data":{"since":-Infinity}}', "This frame is not JSON."),
    ('{"type":"sync","id":1,"data":{"since":01}}', "This frame is not JSON."),
    ('{"type":"sync","id":1,"data":' + "[" * 20_000, "This frame is not JSON."),
    ('{"type":"sync","id":1,"data":' + "[" * 5_000 + '"' + '\\"' * 25_000, "This frame is not JSON."),
    ("[]", "object"),
    ("[" * 20_000 + "]" * 20_000, "object"),
    ("9" * 5000, "object"),
    ('"sync"', "object"),
    ("null", "object"),
]

DEEP = "[" * 20_000 + "]" * 20_000
DEEP_OBJECT = '{"x":' * 10_000 + "1" + "}" * 10_000
LONG = "9" * 5000

#: What a command comes with that is JSON, and beyond reason.
BEYOND_REASON: list[str] = [
    f'"data":{DEEP}',
    f'"data":{DEEP_OBJECT}',
    f'"data":{{"user":2,"content":{DEEP}}}',
    f'"data":{{"user":2,"content":"x","more":{DEEP}}}',
    f'"data":{{"user":{LONG},"content":"x"}}',
    f'"data":{{"user":-{LONG},"content":"x"}}',
    f'"data":{{"user":2,"content":"x","reply_to":{LONG}}}',
    f'"data":{{"user":2,"content":"x","more":[{LONG}]}}',
    f'"data":{{"user":2,"content":"]}}\\"[{{"}},"more":{DEEP}',
    f'"data":{{"user":2,"content":"x"}},"more":{LONG}',
    f'"more":{{"{LONG}":{LONG}}},"data":{{"user":2,"content":"x"}}',
]

#: Values that no field of a command takes, also where it may be left out.
NO_VALUE = ["9007199254740992", "1" + "0" * 400, LONG, "1e400", "1.5", "true", '"1"', "[]", "{}", DEEP]


@pytest.mark.parametrize("kind", ["sync", "send", "nothing"])
async def test_an_id_that_is_none_is_told_what_is_wrong_with_it(chat: Chat, kind: str) -> None:
    client = await connect(await chat.person("alice"))
    for value, word in NO_ID:
        data = '{"user":2,"content":"x","client_id":"c"}'
        await client.write(f'{{"type":"{kind}","id":{value},"data":{data}}}')
        frame = await client.read()
        assert (frame["type"], frame["re"], frame["error"]["code"]) == ("error", None, "bad_frame"), value[:50]
        assert word in frame["error"]["detail"], (value[:50], frame)
    await client.write(f'{{"type":"{kind}"}}')
    assert "must have an id" in (await client.read())["error"]["detail"]


async def test_what_is_no_frame_is_told_why(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    client = await connect(await chat.person("alice"))
    for text, word in NO_FRAME:
        await client.write(text)
        frame = await client.read()
        assert (frame["type"], frame["re"], frame["error"]["code"]) == ("error", None, "bad_frame"), text[:50]
        assert word in frame["error"]["detail"], (text[:50], frame)
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


@pytest.mark.parametrize("before", [True, False], ids=["its id first", "its id last"])
async def test_a_command_beyond_reason_is_answered_under_its_id_and_not_carried_out(chat: Chat, before: bool) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client, other = await live(alice), await live(bob)
    await client.settle()
    for number, rest in enumerate(BEYOND_REASON):
        about = f'"type":"send","id":{number}'
        parts = (about, rest) if before else (rest, about)
        await client.write("{" + ",".join(parts) + "}")
        frame = await client.read()
        assert (frame["type"], frame["re"], frame["error"]["code"]) == ("error", number, "validation_error"), rest[:60]
        assert "too deeply" in frame["error"]["detail"] or "too many digits" in frame["error"]["detail"]
    await client.write(f'{{"type":"ping","more":{DEEP}}}')
    assert (await client.read())["type"] == "pong"
    assert await other.settle() == []


async def test_a_value_no_field_takes_is_an_error_under_the_commands_id(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await live(alice)
    message = (await client.send(bob, "x"))["data"]["message"]["id"]
    commands: list[tuple[str, dict[str, str]]] = [
        ("send", {"user": str(bob.id), "content": '"x"', "reply_to": str(message)}),
        ("read", {"user": str(bob.id), "up_to": str(message)}),
        ("edit", {"message_id": str(message), "content": '"y"'}),
        ("sync", {"since": "0", "limit": "5"}),
        ("react", {"message_id": str(message), "emoji": '"👍"'}),
        ("typing", {"user": str(bob.id)}),
    ]
    number = 0
    for kind, data in commands:
        for name in data:
            for value in NO_VALUE:
                if data[name].startswith('"') and value == '"1"':
                    continue
                number += 1
                said = ",".join(f'"{key}":{value if key == name else kept}' for key, kept in data.items())
                await client.write(f'{{"type":"{kind}","id":{number},"data":{{{said}}}}}')
                answer = await client.answer(number)
                assert answer.get("error", {}).get("code") == "validation_error", (kind, name, value[:40], answer)
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_no_data_and_null_are_the_same(chat: Chat) -> None:
    client = await connect(await chat.person("alice"))
    for text in ('{"type":"sync","id":1}', '{"type":"sync","id":1,"data":null}', '{"type":"sync","id":1,"data":{}}'):
        await client.write(text)
        assert (await client.answer(1))["type"] == "ack", text
    for text in ("[]", "0", '""', "false", '"x"', "1"):
        await client.write(f'{{"type":"sync","id":1,"data":{text}}}')
        assert (await client.answer(1))["error"]["code"] == "validation_error", text


@pytest.mark.parametrize("more", ["", ',"reply_to":null'], ids=["ordinary", "to be looked at"])
async def test_of_a_name_that_comes_twice_the_last_one_counts(chat: Chat, more: str) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await live(alice)
    data: Any = f'"user":99,"user":{bob.id},"content":"first","content":"last","client_id":"c"{more}'
    await client.write(f'{{"type":"typing","type":"send","id":{{}},"id":"x","id":7,"data":{{}},"data":{{{data}}}}}')
    assert (await client.answer(7))["data"]["message"]["content"] == "last"

"""JSON at both doors: null means left out wherever that may be, and a byte order mark means nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import ValidationError, fields

from chatd.api.bodies import JsonBody
from chatd.schemas import ProfileBody
from chatd.schemas.fields import RequestSchema
from chatd.ws.commands import COMMANDS
from tests.api.sends import resting
from tests.api.support import table
from tests.api.test_bad_bodies import GOOD
from tests.conftest import both_ways
from tests.support import PASSWORD, Chat, Person
from tests.ws.v2_client import V2Client, connect

pytestmark = both_ways

MARK = "\ufeff"


def schemas(chat: Chat) -> Iterator[RequestSchema]:
    """Return the schema of every body and of every command."""
    found = [route.body._schema for route in table(chat) if isinstance(route.body, JsonBody)]
    for schema in (*found, *(command.form.data for command in COMMANDS.values())):
        assert isinstance(schema, RequestSchema)
        yield schema


def good(name: str, field: fields.Field[Any]) -> Any:
    """Return a good value for a field."""
    if isinstance(field, fields.Integer) and name != "expires_in":
        return 2
    return {"emoji": "👍", "epoch": "e", **GOOD}[name]


async def test_null_for_a_field_that_may_be_left_out_means_that_it_is(chat: Chat) -> None:
    tried = 0
    for schema in schemas(chat):
        said = {name: good(name, field) for name, field in schema.fields.items() if name != "group"}
        for name, field in schema.fields.items():
            without = {each: value for each, value in said.items() if each != name}
            if "group" in schema.fields and name == "user":
                without["group"] = 1
            if field.required:
                with pytest.raises(ValidationError) as error:
                    schema.load({**without, name: None})
                assert isinstance(error.value.messages, dict)
                assert name in error.value.messages
            elif name not in schema.meaning_null:
                assert schema.load({**without, name: None}) == schema.load(without), (schema, name)
                tried += 1
    assert tried > 10


async def test_null_takes_a_picture_and_a_text_about_oneself_away(chat: Chat) -> None:
    assert ProfileBody.meaning_null == {"avatar_path", "bio"}
    alice = await chat.person("alice")
    for body in ({"nickname": "Al", "bio": "b", "avatar_path": "/a"}, {"nickname": None, "bio": None}, {}):
        async with await alice.request("PUT", "/users/me", json=body) as response:
            assert response.status == 200
            user = await response.json()
    assert (user["nickname"], user["bio"], user["avatar_path"]) == ("Al", None, "/a")
    async with await alice.request("PUT", "/users/me", json={"avatar_path": None}) as response:
        assert (await response.json())["avatar_path"] is None


async def test_every_command_takes_null_for_what_it_does_not_need(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await connect(alice)
    assert (await client.ack("sync", epoch=None, since=None, limit=None))["data"]["more"] is False
    answer = await client.ack("send", user=bob.id, group=None, content="hi", client_id=None, reply_to=None)
    message = answer["data"]["message"]
    assert (message["content"], message["client_id"], message["reply_to"]) == ("hi", None, None)
    await client.ack("read", user=bob.id, group=None, up_to=message["id"])
    await client.ack("typing", user=bob.id, group=None)
    assert await client.error("send", user=None, group=None, content="hi") == "validation_error"
    assert await client.error("send", user=bob.id, content=None) == "validation_error"
    await client.write({"type": "sync", "id": "a", "data": None})
    assert (await client.answer("a"))["type"] == "ack"


async def sent(client: V2Client, text: str) -> Any:
    """Write a frame, and return the content of the message in its answer."""
    await client.write(text)
    return (await client.answer(json.loads(text.removeprefix(MARK))["id"]))["data"]["message"]["content"]


async def test_a_byte_order_mark_before_a_frame_is_nothing(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await connect(alice)
    several: list[dict[str, Any]] = [{}, {"client_id": "c"}, {"client_id": "d", "reply_to": None}]
    for number, more in enumerate(several):
        data = {"user": bob.id, "content": f"hi {number}{MARK}", **more}
        frame = json.dumps({"type": "send", "id": number, "data": data}, ensure_ascii=False)
        assert await sent(client, MARK + frame) == f"hi {number}{MARK}"
    await client.write(MARK * 2 + '{"type":"ping"}')
    refusal = await client.read_until("error")
    assert (refusal["re"], refusal["error"]["code"]) == (None, "bad_frame")


async def test_a_byte_order_mark_before_a_body_is_nothing(chat: Chat) -> None:
    account = {"username": "alice", "password": PASSWORD, "nickname": "Alice", "invite": None}
    headers = {"Content-Type": "application/json"}
    body = (MARK + json.dumps(account)).encode()
    async with chat.client.post("/auth/register", data=body, headers=headers) as response:
        assert response.status == 201
    alice = Person(chat.client, 1, "alice", "Alice", "")
    alice, bob = await alice.device(), await chat.person("bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        for content, client_id in (("one", None), ("two", "c"), (f"{MARK}three", None)):
            said = json.dumps({"content": content, "client_id": client_id}, ensure_ascii=False)
            data = (MARK + said).encode()
            head = f"POST /messages/send/{bob.id} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {alice.token}\r\n"
            await raw.send(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
            status, _, answer = await raw.answer()
            assert (status, json.loads(answer)["content"]) == (200, content)

"""Bodies that are not as they should be, over every route that takes one."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from marshmallow import Schema
from marshmallow.fields import Integer, List, Nested

from chatd.api.bodies import MAX_BODY, Body, FormBody, JsonBody, UploadBody
from chatd.api.endpoint import Route
from chatd.schemas import Text
from chatd.schemas.fields import Flag, Moment, Whole
from tests.api.support import path_to, table, unharmed
from tests.raw import connect
from tests.support import PASSWORD, Chat, Person, error_of

#: A good value for every field that any route takes.
GOOD = {
    "username": "somebody",
    "password": PASSWORD,
    "nickname": "Somebody",
    "invite": "code",
    "avatar_path": "/a",
    "bio": "b",
    "old_password": PASSWORD,
    "new_password": "battery staple",
    "content": "hi",
    "client_id": "c1",
    "reason": "spam",
    "expires_in": 3600,
    "max_uses": 2,
    "name": "Chess",
    "description": "Every Monday",
    "public": True,
    "approval": True,
    "note": "Hello",
    "accept": True,
    "history": "all",
    "rules": {"post": "admin"},
    "role": "admin",
    "notify": "named",
    "muted_until": "2030-01-31T08:15:00.000Z",
    "user": 2,
    "reply_to": 2,
    "up_to": 2,
    "slow_seconds": 5,
    "kind": "ban",
    "users": [2],
    "message_id": 2,
    "until": "2030-01-31T08:15:00.000Z",
    "remove": "day",
    "actor": 2,
    "registration": "open",
    "since": "2030-01-31T08:15:00.000Z",
}

#: JSON that no field of a kind takes.
WRONG = {
    Text: ["0", "1", "-1", "1.5", "1e999", "1" + "0" * 40, "true", "false", "[]", '["x"]', "{}", '{"x": "y"}'],
    Moment: ["1", "true", '"x"', '"2030-02-30T08:15:00Z"', '"2030-01-31T08:15:00"', "[]", "{}"],
    Flag: ['"true"', '"1"', "0", "1", "1.5", "[]", "{}"],
    Nested: ['"x"', "1", "true", "[]", '["x"]'],
    List: ['"x"', "1", "true", "{}", '["x"]', "[0]", "[null]"],
    Integer: ['"1"', "1.5", "1e999", "1" + "0" * 40, "true", "[]", "[1]", "{}", '{"x": 1}'],
    Whole: ['"1"', "1.5", "1e999", "1" + "0" * 40, "true", "[]", "[1]", "{}", '{"x": 1}'],
}

#: What is no JSON wherever it stands.
NO_VALUE = ["NaN", "Infinity", "-Infinity", "9" * 5000, "'x'", '"\n"', '"\\x"', '"\\ud8"', "01", "+1", ".5", "x", ""]

MALFORMED = [
    *(b"", b" ", b"\0", b"{", b'{"a"', b'{"a":', b'{"a":1,}', b"{}{}", b"nul", b"\xef\xbb\xbf"),
    *(b"\xff", b'{"a":"\xff"}', b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xf4\x90\x80\x80"}'),
    *("{}".encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-32")),
    *(f'{{"a": {value}}}'.encode() for value in NO_VALUE),
]

NO_OBJECT = [b"null", b"true", b"1", b"1e999", b'"x"', b"[]", b"[{}]", b'"\\ud800"']

NESTED = [b"[" * 60_000, b'{"a":' * 10_000, b"[" * 30_000 + b"]" * 30_000, b'{"a":' * 9_000 + b"1" + b"}" * 9_000]


def taking(chat: Chat, *kinds: type[Body]) -> list[Route]:
    """Return the routes that take one of some kinds of body."""
    found = [route for route in table(chat) if isinstance(route.body, kinds)]
    assert found
    return found


def schema_of(route: Route) -> Schema:
    """Return the schema of a route's body."""
    assert route.body is not None
    ((_, described),) = route.body.describe().items()
    schema = described["schema"]
    assert isinstance(schema, Schema)
    return schema


async def errors_of(person: Person, route: Route, data: Any, **headers: str) -> tuple[int, str, set[str]]:
    """Send a body; return the status, the code, and the fields that are named."""
    headers = {"Content-Type": "application/json", **headers}
    async with await person.request(route.method, path_to(route), data=data, headers=headers) as response:
        status, code = await error_of(response)
        return status, code, set((await response.json()).get("errors", ()))


async def test_what_is_not_json_is_malformed(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for route in taking(chat, JsonBody):
            for body in MALFORMED:
                assert await errors_of(mallory, route, body) == (400, "malformed_json", set()), (route.path, body)


async def test_json_nested_beyond_reason_is_refused(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for route in taking(chat, JsonBody):
            for body in NESTED:
                assert (await errors_of(mallory, route, body))[0] in (400, 422), route.path
            assert (await errors_of(mallory, route, b"[" * 100_000))[0] == 413


async def test_json_that_is_no_object_is_invalid(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for route in taking(chat, JsonBody):
            for body in NO_OBJECT:
                status, code, _ = await errors_of(mallory, route, body)
                assert (status, code) == (422, "validation_error"), (route.path, body)


def wrong_bodies(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return pairs of a field and a body in which that field alone is wrong."""
    good = {name: json.dumps(GOOD[name]) for name in fields}
    bodies = []
    for name, field in fields.items():
        wrong = list(WRONG[type(field)])
        if isinstance(field, Text):
            wrong += [json.dumps(f"{GOOD[name]}{evil}") for evil in ("\0", "\ud800", "\udfff", "\udc00\ud800")]
        wrong += ["null"] if field.required else []
        for value in wrong:
            pairs = {**good, name: value}.items()
            bodies.append((name, "{" + ", ".join(f'"{key}": {text}' for key, text in pairs) + "}"))
    return bodies


async def test_a_field_of_the_wrong_type_is_named(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for route in taking(chat, JsonBody):
            for name, body in wrong_bodies(schema_of(route).fields):
                expected = (422, "validation_error", {name})
                assert await errors_of(mallory, route, body.encode()) == expected, (route.path, body)


async def test_whatever_unknown_fields_hold_is_ignored(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    deep = "[" * 100 + "]" * 100
    odd = f'"\\ud800": "\\udfff", "\\u0000": "\\u0000", "": 1e999, "a": {10**40}, "b": {deep}, "a": 1'
    async with unharmed(chat, caplog) as mallory:
        body = f'{{"content": "hi", {odd}}}'.encode()
        headers = {"Content-Type": "application/json"}
        async with await mallory.request("POST", "/messages/send/2", data=body, headers=headers) as response:
            assert response.status == 200
        async with await mallory.request("PUT", "/users/me", data=f"{{{odd}}}".encode(), headers=headers) as response:
            assert response.status == 200


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """Yield a body piece by piece, so that nobody knows its length beforehand."""
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_may_have_64_kib_and_not_a_byte_more(
    chat: Chat, caplog: pytest.LogCaptureFixture, chunked: bool
) -> None:
    async with unharmed(chat, caplog) as mallory:
        for route in taking(chat, JsonBody, FormBody):
            body, content_type = b"{", "application/json"
            if isinstance(route.body, FormBody):
                body, content_type = b"username=nobody&password=", "application/x-www-form-urlencoded"
            for size, expected in [(MAX_BODY, (400, 401)), (MAX_BODY + 1, (413,)), (MAX_BODY * 4, (413,))]:
                padded = body.ljust(size, b"x")
                data = in_pieces(padded) if chunked else padded
                status, code, _ = await errors_of(mallory, route, data, **{"Content-Type": content_type})
                assert status in expected, (route.path, size)
                assert (code == "too_large") is (status == 413)


async def test_a_body_that_hides_its_size_and_comes_all_at_once_has_the_same_limit(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    async with unharmed(chat, caplog), connect(chat) as raw:
        head = "POST /auth/register HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        for size, expected in [(MAX_BODY, 400), (MAX_BODY + 1, 413)]:
            await raw.send(f"{head}{size:x}\r\n{'x' * size}\r\n0\r\n\r\n")
            assert (await raw.answer())[0] == expected


async def test_a_route_without_a_body_takes_no_large_one_either(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog), connect(chat) as raw:
        await raw.send("GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n")
        assert (await raw.answer())[0] == 413


async def test_20_mb_are_refused_at_once_whether_they_come_or_not(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog):
        head = "POST /auth/register HTTP/1.1\r\nHost: localhost\r\n"
        async with connect(chat) as raw:
            await raw.send(f"{head}Content-Length: 20000000\r\n\r\n")
            assert (await raw.answer())[0] == 413
        async with connect(chat) as raw:
            await raw.send(f"{head}Transfer-Encoding: chunked\r\n\r\n")
            chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
            sending = asyncio.create_task(raw.send(chunk * 20 + b"0\r\n\r\n"))
            status, _, body = await raw.answer()
            assert (status, json.loads(body)["code"]) == (413, "too_large")
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def test_a_compressed_body_is_refused_unopened(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    async with unharmed(chat, caplog) as mallory:
        for route in taking(chat, JsonBody, FormBody, UploadBody):
            for encoding in ("gzip", "GZIP", "deflate", "br", "zstd", "gzip, gzip", "nonsense"):
                answer = await errors_of(mallory, route, bomb, **{"Content-Encoding": encoding})
                assert answer == (415, "unsupported_media_type", set()), (route.path, encoding)
        head = f"POST /messages/send/2 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {mallory.token}\r\n"
        for codings, status in ((["identity"], 200), (["Identity", ""], 200), (["identity", "gzip"], 415)):
            async with connect(chat) as raw:
                lines = "".join(f"Content-Encoding: {coding}\r\n" for coding in codings)
                await raw.send(f'{head}{lines}Content-Length: 16\r\n\r\n{{"content":"hi"}}')
                assert (await raw.answer())[0] == status, codings


URL_ENCODED = "application/x-www-form-urlencoded"

FORMS = [
    *((400, body) for body in (b"username=\xff&password=x", b"\xed\xa0\x80", b"\xff\xfe", b"a&" * 200, b"&" * 60_000)),
    *((422, body) for body in (b"", b"&&&===", b"username=%00&password=%00", b"username=a", b"password=b&Username=a")),
    *((422, b"username=a&password=" + escape) for escape in (b"%", b"%zz", b"%4", b"100%25%", b"%FF", b"%ED%A0%80")),
    *((422, escape + b"=a&username=a&password=b") for escape in (b"%", b"%zz", b"%FF")),
]


async def test_a_form_that_is_not_as_it_should_be_is_refused(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    codes = {400: "malformed_form", 422: "validation_error"}
    async with unharmed(chat, caplog) as mallory:
        for status, body in FORMS:
            for route in taking(chat, FormBody):
                answer = (await errors_of(mallory, route, body, **{"Content-Type": URL_ENCODED}))[:2]
                assert answer == (status, codes[status]), (route.path, body[:200])


async def test_of_a_bad_escape_in_a_form_the_field_is_named(chat: Chat) -> None:
    for body, field in ((b"username=a&password=%zz", "password"), (b"user%FFname=a", "user\ufffdname")):
        async with chat.client.post("/auth/login", data=body, headers={"Content-Type": URL_ENCODED}) as response:
            assert response.status == 422
            assert set((await response.json())["errors"]) == {field}

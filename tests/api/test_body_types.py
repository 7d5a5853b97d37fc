"""What a body says it is: its type and its charset."""

import codecs
import encodings.aliases
import json

import pytest

from chatd.api.bodies import FormBody, JsonBody, UploadBody
from chatd.api.endpoint import Route
from tests.api.sends import resting
from tests.api.support import path_to, table, unharmed
from tests.conftest import both_ways
from tests.raw import Raw, connect
from tests.support import PASSWORD, Chat, Person

FORM = "application/x-www-form-urlencoded"
REFUSED = (415, "unsupported_media_type")

#: What Python would decode a body by, if a client could name it.
CODECS = sorted(set(encodings.aliases.aliases.values()) | {"idna", "punycode", "utf_8_sig", "raw_unicode_escape"})
ALIASES = sorted({*encodings.aliases.aliases, *CODECS})


def is_harmless(name: str) -> bool:
    """Report whether Python would decode by one of the three charsets there are: some of their names are taken."""
    try:
        return codecs.lookup(name).name in ("utf-8", "ascii", "iso8859-1")
    except (LookupError, ValueError):
        return False


#: A text that takes Python's punycode seconds to decode.
SLOW = "-" + "a" * 60_000


async def ask(raw: Raw, route: Route | str, token: str, content_type: str | None, body: bytes | str) -> tuple[int, str]:
    """Send a body to a route, and return the status and the code of the answer."""
    method, path = ("POST", route) if isinstance(route, str) else (route.method, path_to(route))
    data = body if isinstance(body, bytes) else body.encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: a", f"Authorization: Bearer {token}", f"Content-Length: {len(data)}"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    await raw.send("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
    status, _, text = await raw.answer()
    return status, json.loads(text or "{}").get("code", "")


def body_of(route: Route) -> tuple[str, str]:
    """Return the type and the beginning of a body for a route; what follows may be long."""
    if isinstance(route.body, JsonBody):
        return "application/json", '{"content": "'
    if isinstance(route.body, FormBody):
        return FORM, "username=alice&password="
    return "multipart/form-data; boundary=b", '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'


def taking(chat: Chat) -> list[Route]:
    """Return the routes that take a body."""
    found = [route for route in table(chat) if route.body is not None]
    assert {type(route.body) for route in found} == {JsonBody, FormBody, UploadBody}
    return found


async def test_no_body_is_decoded_by_a_codec_of_its_senders_choice(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    async with unharmed(chat, caplog) as mallory, connect(chat) as raw:
        for route in taking(chat):
            kind, body = body_of(route)
            for codec in CODECS:
                if not is_harmless(codec):
                    answer = await ask(raw, route, mallory.token, f"{kind}; charset={codec}", body + SLOW[:100])
                    assert answer == REFUSED, (route.path, codec)
            answer = await ask(raw, route, mallory.token, f"{kind}; charset=punycode", body + SLOW)
            assert answer == REFUSED, route.path


async def test_by_whatever_name_a_codec_goes_a_form_is_not_decoded_by_it(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    odd = ["'utf-8'", "utf-8,punycode", "x" * 5000, "é", "nonsense"]
    async with unharmed(chat, caplog) as mallory, connect(chat) as raw:
        for name in [*ALIASES, *(each.replace("_", "-").upper() for each in ALIASES), *odd]:
            if is_harmless(name):
                continue
            for written in (name, f'"{name}"'):
                answer = await ask(raw, "/auth/login", "", f"{FORM}; charset={written}", "username=a&password=b")
                assert answer == REFUSED, written
            part = f'--b\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: text/plain; charset={name}'
            form = f"{part}\r\n\r\n{SLOW if name == 'punycode' else SLOW[:100]}\r\n--b--\r\n"
            answer = await ask(raw, "/files/upload/avatar", mallory.token, "multipart/form-data; boundary=b", form)
            assert answer == REFUSED, name


JSON_TYPES = [
    None,
    "application/json",
    "application/json;charset=utf-8",
    "application/json; charset=UTF-8",
    'Application/JSON ; Charset="utf8"',
    "application/json; charset=",
    "application/json; charset=us-ascii",
    "application/json; q=1",
    "text/json",
    "application/problem+json",
    "application/vnd.example.v1+json; charset=utf-8",
]

OTHER_TYPES = [
    *("text/plain", "text/plain;charset=UTF-8", "text/html", "application/xml", "image/png", FORM),
    *("multipart/form-data; boundary=b", "application/octet-stream", "application/jsonp", "application/json-seq"),
    *("json", "nonsense", "", ";", "*/*", "text/plain; application/json", "application/json, text/plain", "\xff"),
]


@both_ways
async def test_json_is_taken_as_json_and_as_nothing_else(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory, resting(chat) as raw:
        await mallory.get("/auth/me")
        for content_type in JSON_TYPES:
            answer = await ask(raw, "/messages/send/2", mallory.token, content_type, '{"content": "hi"}')
            assert answer == (200, ""), content_type
        for content_type in OTHER_TYPES:
            answer = await ask(raw, "/messages/send/2", mallory.token, content_type, '{"content": "hi"}')
            assert answer == REFUSED, content_type


async def test_no_route_takes_json_that_says_it_is_something_else(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory, connect(chat) as raw:
        for route in taking(chat):
            for content_type in OTHER_TYPES:
                if isinstance(route.body, JsonBody):
                    assert await ask(raw, route, mallory.token, content_type, "{}") == REFUSED, content_type


async def test_a_form_login_is_url_encoded(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    body = f"grant_type=password&username=mallory&password={PASSWORD.replace(' ', '+')}&scope="
    async with unharmed(chat, caplog), connect(chat) as raw:
        for content_type in (None, FORM, f"{FORM};charset=UTF-8", "APPLICATION/x-www-form-urlencoded; charset=latin1"):
            assert await ask(raw, "/auth/login", "", content_type, body) == (200, ""), content_type
        for content_type in (*OTHER_TYPES, "application/json", "multipart/form-data"):
            if content_type not in ("", ";", FORM):
                assert await ask(raw, "/auth/login", "", content_type, body) == REFUSED, content_type


async def content_of(raw: Raw, sender: Person, content_type: str, body: bytes) -> str:
    """Send a message, and return its content as it was stored."""
    assert await ask(raw, "/messages/send/2", sender.token, content_type, body) == (200, "")
    page = await sender.get("/messages?user=2&limit=1")
    content: str = page["items"][0]["content"]
    return content


@both_ways
async def test_a_text_in_latin_1_that_says_so_is_read_as_that(chat: Chat) -> None:
    alice, _ = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        for charset, codec in (("utf-8", "utf-8"), ("ISO-8859-1", "latin-1"), ("us-ascii", "utf-8")):
            body = '{"content": "café"}'.encode(codec)
            assert await content_of(raw, alice, f"application/json; charset={charset}", body) == "café", charset
        wrong = await ask(
            raw, "/messages/send/2", alice.token, "application/json", '{"content": "é"}'.encode("latin-1")
        )
        assert wrong == (400, "malformed_json")


async def test_a_password_in_latin_1_signs_in(chat: Chat) -> None:
    user = {"username": "alice", "password": "rôti sans pain", "nickname": "A"}
    async with chat.client.post("/auth/register", json=user) as response:
        assert response.status == 201
    async with connect(chat) as raw:
        for charset, password in (
            ("utf-8", b"r%C3%B4ti+sans+pain"),
            ("utf-8", "rôti+sans+pain".encode()),
            ("iso-8859-1", b"r%F4ti+sans+pain"),
            ("iso-8859-1", b"r\xf4ti%20sans%20pain"),
        ):
            body = b"username=alice&password=" + password
            assert await ask(raw, "/auth/login", "", f"{FORM}; charset={charset}", body) == (200, ""), password

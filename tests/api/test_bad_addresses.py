"""Paths, queries and methods that are not as they should be, over every route."""

import re
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientResponse
from marshmallow import fields, validate
from yarl import URL

from chatd.schemas import Digits, PathId, Text
from tests.api.support import path_to, table, unharmed
from tests.support import Chat, Person, error_of

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]

#: What is no number, or none that anything here is counted by.
NO_NUMBER = [
    *("-1", "+5", " 5", "5 ", "\t5", "5\n", "5\r\n", "1_0", "1.0", "1e3", "0x1", "1,0", "--1", "NaN", "abc", "null"),
    *("٥", "５", "²", "Ⅷ", "1\u0660", "\u200b5", "5\0", "\0"),
    *(str(number) for number in (2**53, 2**63, 2**64, 10**40, 10**400)),
]


def encoded(value: str) -> str:
    """Return a value as it stands in a URL, with nothing left to anybody's tidying."""
    return quote(value, safe="")


def ask(person: Person, method: str, address: str, **kwargs: Any) -> AbstractAsyncContextManager[ClientResponse]:
    """Send a request to an address just as it is written."""
    url = URL(str(person.client.make_url("/")).rstrip("/") + address, encoded=True)
    headers = {"Authorization": f"Bearer {person.token}"}
    return person.client.session.request(method, url, headers=headers, **kwargs)


async def answer(person: Person, method: str, address: str) -> tuple[int, str, set[str]]:
    """Send a request; return the status, the code, and the fields that are named."""
    async with ask(person, method, address) as response:
        status, code = await error_of(response)
        return status, code, set((await response.json()).get("errors", ()))


async def test_an_id_in_a_path_is_ascii_digits_in_range(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    found = [route for route in table(chat) if isinstance(route.parameters, PathId)]
    assert found
    async with unharmed(chat, caplog) as mallory:
        for route in found:
            for value in ["0", "00", *NO_NUMBER]:
                address = path_to(route, encoded(value))
                expected = (422, "validation_error", {"id"})
                assert await answer(mallory, route.method, address) == expected, (route.method, address)


def wrong_values(field: Any) -> list[str]:
    """Return what a field of a query does not take."""
    if isinstance(field, Digits):
        (span,) = [each for each in field.validators if isinstance(each, validate.Range)]
        assert isinstance(span.min, int)
        assert isinstance(span.max, int)
        return [*NO_NUMBER, "", str(span.min - 1), str(span.max + 1)]
    if isinstance(field, fields.Boolean):
        return ["", "2", "-1", "perhaps", "truefalse", "\0", "1" * 5000, "null"]
    assert isinstance(field, Text)
    return ["\0", "a\0b", "x" * 1_001]


async def test_a_query_that_is_out_of_range_is_named(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    found = [route for route in table(chat) if route.query is not None]
    assert found
    async with unharmed(chat, caplog) as mallory:
        for route in found:
            assert route.query is not None
            for name, field in route.query.fields.items():
                for value in wrong_values(field):
                    address = f"{path_to(route)}?{name}={encoded(value)}"
                    expected = (422, "validation_error", {name})
                    assert await answer(mallory, route.method, address) == expected, address


async def test_an_odd_query_that_says_nothing_wrong_is_answered(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for query in (
            "&&&",
            "=",
            "x=%00",
            "q=a&q=b",
            "q=%F0%9F%98%80",
            "%00=1",
            "q=100%25",
            "q=%2525",
            "%71=a",
        ):
            async with ask(mallory, "GET", f"/users/?{query}") as response:
                assert response.status == 200, query


#: What follows a percent sign and is no escape, or is one of bytes that are no text.
NO_ESCAPE = [
    *("%", "%%", "%z", "%zz", "%4", "%g0", "a%", "100%", "%%25", "%u0041", "%-1", "%+1", "% 41", "%25%", "%F0%9F%91"),
    *("%FF", "%c3", "%ED%A0%80", "%C0%AF", "%F4%90%80%80", "%80", "x%ffx", "%E2%82"),
]


async def test_an_escape_that_is_none_is_refused_in_every_path_that_takes_something(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    found = [route for route in table(chat) if route.parameters is not None]
    assert found
    async with unharmed(chat, caplog) as mallory:
        friend = await chat.person("friend")
        await mallory.send(friend, "hi")
        for route in found:
            assert route.parameters is not None
            for name in route.parameters.fields:
                for value in (*NO_ESCAPE, "%00", "a%00b"):
                    address = re.sub(r"\{(\w+)\}", lambda at: value if at[1] == name else "2", route.path)  # noqa: B023
                    expected = (422, "validation_error", {name})
                    assert await answer(mallory, route.method, address.replace(" ", "%20")) == expected, address
        page = await mallory.get(f"/messages?user={friend.id}")
        assert [each["reactions"] for each in page["items"]] == [[]]


async def test_an_escape_that_is_none_is_refused_in_every_query(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for route in table(chat):
            for value in NO_ESCAPE:
                for query, name in ((f"q={value}", "q"), (f"limit=1&unknown={value}&q=a", "unknown")):
                    address = f"{path_to(route)}?{query}".replace(" ", "+")
                    assert await answer(mallory, route.method, address) == (422, "validation_error", {name}), address


async def test_a_name_in_a_query_is_no_escape_either(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for query in ("%", "%zz=1", "q=a&%FF", "%F0%9F%91=x"):
            assert (await answer(mallory, "GET", f"/users/?{query}"))[:2] == (422, "validation_error"), query


async def test_another_method_is_405_and_names_those_there_are(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for path in {route.path for route in table(chat)}:
            concrete = re.sub(r"\{\w+\}", "2", path)
            allowed = {route.method for route in table(chat) if route.path == path}
            if "GET" in allowed:
                allowed.add("HEAD")
            for method in set(METHODS) - allowed:
                async with await mallory.request(method, concrete, json={}) as response:
                    assert response.status == 405, (method, concrete)
                    assert set(response.headers["Allow"].split(",")) == allowed
                    if method != "HEAD":
                        assert await error_of(response) == (405, "method_not_allowed")


async def test_an_unknown_path_is_404_by_any_method(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    paths = [
        *("/nothing", "/auth", "/auth/", "/auth/login//", "/auth/nothing", "/users//", "/users/1//", "/users/1/2"),
        *("/messages//", "/messages/send", "/messages/send/", "/messages/send/1/2", "/messages/ws//", "/health//"),
        *("//", "//auth/me", "/auth//me", "/auth/%2e%2e/auth/me", "/%2e%2e/%2e%2e/etc/passwd", "/AUTH/ME"),
        *("/%00", "/%ff", "/%", "/%C3%A9", "/auth%2Fme", "/auth/me%00", "/auth/me;x", "/.env", "/" + "x" * 4000),
    ]
    async with unharmed(chat, caplog) as mallory:
        for path in paths:
            for method in ("GET", "POST", "DELETE", "OPTIONS"):
                async with ask(mallory, method, path, data=b"{") as response:
                    assert await error_of(response) == (404, "not_found"), (method, path)


async def test_without_a_token_a_bad_request_is_401_and_says_nothing_else(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    found = [route for route in table(chat) if not route.public]
    assert found
    async with unharmed(chat, caplog):
        for route in found:
            for value in ("2", "0", "abc"):
                error = await chat.error(route.method, path_to(route, value) + "?limit=x&page=x", data=b"{")
                assert error == (401, "not_authenticated"), route.path

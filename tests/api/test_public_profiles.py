"""Profiles without a token: only where that is set, and nothing but the profile of somebody who is there."""

import re
from typing import Any

import pytest

from chatd.api.openapi import describe
from chatd.api.routes import routes
from chatd.config import Accounts, Config
from tests.api.support import disable, table
from tests.conftest import Start
from tests.support import PASSWORD, Chat, Person, error_of

PUBLIC = {"profiles": "public"}


@pytest.fixture
async def chat(start: Start) -> Chat:
    """A server that shows profiles to everybody."""
    return await start(accounts=PUBLIC)


async def profile(chat: Chat, user_id: int, **headers: str) -> tuple[int, str]:
    """Ask for a profile without a token, and return the error."""
    return await chat.error("GET", f"/users/{user_id}", headers=headers)


async def test_a_profile_is_the_same_with_a_token_and_without(chat: Chat) -> None:
    ada, bob = await chat.people("ada", "bob")
    for headers in ({}, {"Authorization": ""}):
        async with chat.client.get(f"/users/{bob.id}", headers=headers) as response:
            assert response.status == 200
            assert await response.json() == await ada.get(f"/users/{bob.id}") == await bob.get("/auth/me")


async def test_who_is_disabled_or_deleted_or_never_was_is_not_found(chat: Chat) -> None:
    _, bob, carol = await chat.people("ada", "bob", "carol")
    disable(chat, bob)
    async with await carol.request("DELETE", "/users/me", json={"password": PASSWORD}) as response:
        assert response.status == 204
    for user_id in (bob.id, carol.id, 999):
        assert await profile(chat, user_id) == (404, "not_found")


async def test_a_block_cannot_be_seen(chat: Chat) -> None:
    ada, bob = await chat.people("ada", "bob")

    async def shown() -> list[tuple[int, Any]]:
        answers = []
        for person in (ada, bob):
            async with chat.client.get(f"/users/{person.id}") as response:
                answers.append((response.status, await response.json()))
        return answers

    before = await shown()
    async with await ada.request("PUT", f"/users/{bob.id}/block") as response:
        assert response.status == 204
    assert await shown() == before


async def test_a_token_that_is_given_must_be_good(chat: Chat) -> None:
    ada = await chat.person("ada")
    await ada.post("/auth/logout", status=204)
    for given in (f"Bearer {ada.token}", "Bearer nonsense", "Basic YTpi", "Bearer"):
        assert await profile(chat, ada.id, Authorization=given) == (401, "not_authenticated"), given


async def test_requests_without_a_token_are_counted_by_address(start: Start) -> None:
    chat = await start(accounts=PUBLIC, limits={"requests_per_second": 1})
    ada = await chat.person("ada")
    statuses = []
    for _ in range(10):
        async with chat.client.get(f"/users/{ada.id}") as response:
            statuses.append(response.status)
            if response.status == 429:
                assert await error_of(response) == (429, "rate_limited")
    assert 429 in statuses
    assert await asked_by(ada) == 200


async def asked_by(person: Person) -> int:
    """Return the status of a person's own question."""
    async with await person.request("GET", f"/users/{person.id}") as response:
        return response.status


async def test_every_other_route_stays_as_it_is(chat: Chat) -> None:
    changed = {(route.method, route.path) for route in table(chat) if route.anonymous}
    assert changed == {("GET", "/users/{id}")}
    await chat.person("ada")
    for route in table(chat):
        if not (route.public or route.anonymous):
            path = re.sub(r"\{[a-z]+\}", "1", route.path).replace("/reactions/1", "/reactions/x")
            assert (await chat.error(route.method, path))[0] == 401, path


async def test_by_default_a_profile_wants_a_token(start: Start) -> None:
    chat = await start()
    await chat.person("ada")
    assert await profile(chat, 1) == (401, "not_authenticated")


def test_the_description_says_that_a_token_may_be_left_out() -> None:
    shown = Config(accounts=Accounts(profiles="public"))
    public = describe(routes(shown))["paths"]["/users/{id}"]["get"]
    assert {} in public["security"]
    assert {"bearer": []} in public["security"]
    members = describe(routes(Config()))["paths"]["/users/{id}"]["get"]
    assert members["security"] == [{"bearer": []}]

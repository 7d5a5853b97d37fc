"""All accounts, as administrators see them: who there is, and shutting somebody out."""

from typing import Any

from tests.api.support import add_bot
from tests.support import PASSWORD, Chat, Person, error_of

PATH = "/admin/accounts"


async def names(person: Person, query: str = "") -> list[str]:
    """Return the usernames of a page of accounts."""
    page = await person.get(f"{PATH}?{query}")
    return [account["username"] for account in page["accounts"]]


async def refused(person: Person, method: str, path: str) -> tuple[int, str]:
    """Send a request that fails and return its status and code."""
    async with await person.request(method, path) as response:
        return await error_of(response)


async def login(chat: Chat, username: str) -> int:
    """Try to sign in and return the status."""
    async with chat.client.post("/auth/login", data={"username": username, "password": PASSWORD}) as response:
        return response.status


async def test_an_account_is_shown_with_what_an_administrator_has_to_know(chat: Chat) -> None:
    admin, bob = await chat.people("admin", "bobby")
    add_bot(chat, "weather")
    page = await admin.get(PATH)
    assert not page["more"]
    first, second, bot = page["accounts"]
    seen: dict[str, Any] = {**bob.brief, "role": "member", "disabled_at": None}
    assert second == {**seen, "created_at": second["created_at"], "last_seen_at": second["last_seen_at"]}
    assert second["created_at"] <= second["last_seen_at"]
    assert (first["role"], first["is_ai"]) == ("admin", False)
    assert (bot["username"], bot["role"], bot["is_ai"]) == ("weather", "member", True)


async def test_who_has_no_session_was_not_seen(chat: Chat) -> None:
    admin, bob = await chat.people("admin", "bobby")
    await bob.post("/auth/logout", status=204)
    assert (await admin.get(PATH))["accounts"][1]["last_seen_at"] is None


async def test_accounts_come_in_pages_and_are_found_by_a_part_of_a_name(chat: Chat) -> None:
    admin, *_ = await chat.people("admin", "anna", "bobby", "bobbins")
    assert await names(admin, "limit=2") == ["admin", "anna"]
    assert (await admin.get(f"{PATH}?limit=2"))["more"]
    assert await names(admin, "limit=2&after=2") == ["bobby", "bobbins"]
    assert not (await admin.get(f"{PATH}?limit=2&after=2"))["more"]
    assert await names(admin, "q=BOBB") == ["bobby", "bobbins"]
    for query in ("limit=0", "limit=101", "after=-1", "after=x"):
        assert await refused(admin, "GET", f"{PATH}?{query}") == (422, "validation_error")


async def test_a_disabled_account_is_shut_out_at_once_until_it_is_enabled(chat: Chat) -> None:
    admin, bob = await chat.people("admin", "bobby")
    socket = await bob.connect()
    account = await admin.post(f"{PATH}/{bob.id}/disable")
    assert account["disabled_at"] is not None
    assert account["last_seen_at"] is None
    await socket.closed()
    assert await refused(bob, "GET", "/auth/me") == (401, "account_unavailable")
    assert await login(chat, "bobby") == 401
    assert await admin.post(f"{PATH}/{bob.id}/disable") == account
    assert (await admin.get(PATH))["accounts"][1] == account
    assert (await admin.post(f"{PATH}/{bob.id}/enable"))["disabled_at"] is None
    assert await login(chat, "bobby") == 200
    assert (await admin.post(f"{PATH}/{bob.id}/enable"))["disabled_at"] is None


async def test_nobody_shuts_themselves_out(chat: Chat) -> None:
    admin = await chat.person("admin")
    assert await refused(admin, "POST", f"{PATH}/{admin.id}/disable") == (400, "cannot_disable_self")
    assert await names(admin) == ["admin"]


async def test_an_account_that_is_not_there_or_deleted_is_not_found(chat: Chat) -> None:
    admin, bob = await chat.people("admin", "bobby")
    async with await bob.request("DELETE", "/users/me", json={"password": PASSWORD}) as response:
        assert response.status == 204
    for account in (bob.id, 999):
        for verb in ("disable", "enable"):
            assert await refused(admin, "POST", f"{PATH}/{account}/{verb}") == (404, "not_found")
    assert await names(admin) == ["admin"]


async def test_others_see_and_do_nothing_of_it(chat: Chat) -> None:
    admin, bob = await chat.people("admin", "bobby")
    for method, path in (
        ("GET", PATH),
        ("POST", f"{PATH}/{admin.id}/disable"),
        ("POST", f"{PATH}/{bob.id}/disable"),
        ("POST", f"{PATH}/999/enable"),
    ):
        assert await refused(bob, method, path) == (403, "administrators_only")
        assert await chat.error(method, path) == (401, "not_authenticated")
    assert await login(chat, "admin") == 200

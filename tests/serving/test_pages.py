"""The pages of the web client, beside an API that shares some of their addresses."""

from pathlib import Path

import pytest

from tests.serving.support import BUILT, CLIENT_PAGES, NAVIGATION, StartWeb, ask, items
from tests.support import Chat, error_of

PAGE = BUILT["index.html"]

#: What asks for something, but not for a page.
PROGRAMS = [
    *("", "*/*", "application/json", "application/json, text/plain, */*", "text/*", "text/html;q=0", "text/plain"),
    *("application/json, text/html;q=0.1", "application/json, text/html", "text/html;q=0.9, */*", "*, text/html;q=0.9"),
    *("text/html;q=0.001, application/*;q=0.002, */*", "text/html;q=nonsense", "text/html;q=-1", ";;,text/html;q=0,"),
]

#: What a person's program may say to see the page.
PEOPLE = [
    *(NAVIGATION, "text/html", "TEXT/HTML", "application/json;q=0.1, text/html;q=0.2", "*/*, text/html; level=1"),
    *("text/html, application/xhtml+xml, */*", "text/html;q=0.2, */*;q=0.2", "application/json;q=0, text/html;q=0.001"),
]

#: What Java's library says where nothing was said to it.
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"


@pytest.mark.parametrize("page", CLIENT_PAGES)
async def test_a_link_to_any_page_opens_the_client(chat: Chat, page: str) -> None:
    for accept in PEOPLE:
        for address in (page, f"{page}?from=elsewhere", f"{page}?user=1"):
            async with ask(chat, address, accept=accept) as response:
                assert (response.status, response.content_type) == (200, "text/html"), (address, accept)
                assert await response.read() == PAGE


#: What is told of a community without a name, a picture and somebody to ask.
NAMELESS = {"name": "chatd", "picture": "", "help": ""}


@pytest.mark.parametrize("page", ["/", "/login", "/register", "/settings"])
async def test_a_page_that_is_no_address_of_the_api_is_a_page_for_everybody(chat: Chat, page: str) -> None:
    for accept in PROGRAMS:
        async with ask(chat, page, accept=accept) as response:
            assert (response.status, await response.read()) == (200, PAGE), accept
            assert "Accept" not in items(response.headers["Vary"])


@pytest.mark.parametrize("accept", [None, *PROGRAMS])
async def test_a_program_never_sees_a_page_where_the_api_is(chat: Chat, accept: str | None) -> None:
    headers = {} if accept is None else {"accept": accept}
    alice, bob = await chat.people("alice", "bobby")
    message = await alice.send(bob, "hello")
    async with ask(chat, f"/messages?user={bob.id}", authorization=f"Bearer {alice.token}", **headers) as response:
        assert response.status == 200
        assert [item["id"] for item in (await response.json())["items"]] == [message["id"]]
    async with ask(chat, "/messages", **headers) as response:
        assert await error_of(response) == (401, "not_authenticated")
    async with ask(chat, "/messages", "HEAD", **headers) as response:
        assert (response.status, response.content_type) == (401, "application/json")
    for method in ("GET", "HEAD"):
        async with ask(chat, f"/messages/{message['id']}", method, **headers) as response:
            assert (response.status, items(response.headers["Allow"])) == (405, {"DELETE", "PATCH"})
            assert response.content_type == "application/json"


@pytest.mark.parametrize("accept", [NAVIGATION, JAVA, "text/html"])
async def test_what_bears_a_token_never_sees_a_page(chat: Chat, accept: str) -> None:
    alice, bob = await chat.people("alice", "bobby")
    message = await alice.send(bob, "hello")
    for mode in ("navigate", "cors", "no-cors"):
        headers = {"accept": accept, "sec_fetch_mode": mode}
        for slash in ("", "/"):
            token = f"Bearer {alice.token}"
            async with ask(chat, f"/messages{slash}?user={bob.id}", authorization=token, **headers) as response:
                assert [item["id"] for item in (await response.json())["items"]] == [message["id"]]
        for token in ("Bearer nonsense", "Basic eDp5", ""):
            async with ask(chat, "/messages", authorization=token, **headers) as response:
                assert await error_of(response) == (401, "not_authenticated"), token
        async with ask(chat, f"/messages/{message['id']}", authorization=token, **headers) as response:
            assert await error_of(response) == (405, "method_not_allowed")


async def test_a_page_of_its_own_is_not_there_for_what_bears_a_token(chat: Chat) -> None:
    for page in ("/", "/index.html", "/login", "/login/", "/register", "/settings"):
        for accept in (NAVIGATION, JAVA, "*/*"):
            for method in ("GET", "POST"):
                async with ask(chat, page, method, accept=accept, authorization="Bearer x") as response:
                    assert await error_of(response) == (404, "not_found"), page
                    assert ("Authorization" in response.headers.get("Vary", "")) is (method == "GET")
    async with ask(chat, "/sw.js", authorization="Bearer x") as response:
        assert response.status == 200


async def test_who_navigates_sees_the_page_whatever_they_accept(chat: Chat) -> None:
    for accept in (*PROGRAMS, *PEOPLE):
        for address in ("/messages", "/messages/1"):
            async with ask(chat, address, accept=accept, sec_fetch_mode="navigate") as response:
                assert (response.status, response.content_type) == (200, "text/html"), (address, accept)


async def test_a_page_is_found_with_its_last_slash_too(chat: Chat) -> None:
    for page in CLIENT_PAGES:
        for address in {page, page.rstrip("/") + "/"}:
            for method in ("GET", "HEAD"):
                async with ask(chat, address, method, accept=NAVIGATION) as response:
                    assert (response.status, response.content_type) == (200, "text/html"), address


async def test_only_what_asks_for_a_page_by_get_or_head_gets_one(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    message = await alice.send(bob, "hello")
    address = f"/messages/{message['id']}"
    token = f"Bearer {alice.token}"
    async with await alice.request(
        "PATCH", address, json={"content": "good morning"}, headers={"Accept": NAVIGATION}
    ) as response:
        assert (await response.json())["message"]["content"] == "good morning"
    for method in ("POST", "PUT", "OPTIONS"):
        async with ask(chat, address, method, accept=NAVIGATION, authorization=token) as response:
            assert (response.status, items(response.headers["Allow"])) == (405, {"DELETE", "PATCH"}), method
        async with ask(chat, "/messages", method, accept=NAVIGATION, authorization=token) as response:
            assert (response.status, items(response.headers["Allow"])) == (405, {"GET", "HEAD"}), method
    async with await alice.request("DELETE", address, headers={"Accept": NAVIGATION}) as response:
        assert (await response.json())["message"]["deleted_at"]


async def test_an_answer_that_hangs_on_who_asks_says_so(chat: Chat, start_web: StartWeb) -> None:
    for accept in (NAVIGATION, "*/*"):
        for address in ("/messages", "/messages?user=1", "/messages/1"):
            async with ask(chat, address, accept=accept) as response:
                assert "Accept" in items(response.headers["Vary"]), (address, accept)
    depends = {"Accept", "Authorization", "Sec-Fetch-Mode"}
    async with ask(chat, "/messages/1", accept=NAVIGATION) as response:
        assert items(response.headers["Vary"]) == {*depends, "Accept-Encoding"}
    for address in ("/messages/history/1", "/messages/ws", "/conversations", "/auth/me", "/health"):
        async with ask(chat, address, accept=NAVIGATION) as response:
            assert "Vary" not in response.headers, address
    await chat.server.stop()
    elsewhere = await start_web(server={"origins": ["https://chat.example.org"]})
    async with ask(elsewhere, "/messages/1", accept=NAVIGATION) as response:
        assert items(response.headers["Vary"]) == {*depends, "Accept-Encoding", "Origin"}
    async with ask(elsewhere, "/messages/1") as response:
        assert items(response.headers["Vary"]) == {*depends, "Origin"}


#: Addresses at which there is nothing, or nothing to read.
NOWHERE = [
    *(
        "/nothing",
        "/auth",
        "/auth/login",
        "/settings/nothing/more",
        "/messages/1/2",
        "/index.html/",
        "/sw.js/",
        "/loginx",
    ),
    *("/messages/abc", "/messages/-1", "/messages/%D9%A5", "/a.b.c", "/.env", "/%2e%2e/x", "/100%", "/%ff", "/a%0Ab"),
    *("/assets/gone-1.js", "/messages/1%2f2", "/" + "/" * 5000 + "x"),
]

#: Pages that somebody wrote otherwise.
MISSPELT = ["/Login", "/SETTINGS/", "/login//", "//", "//messages", "/messages//", "/messages/1//", "/Messages//1"]


@pytest.mark.parametrize("address", NOWHERE)
async def test_where_there_is_nothing_a_person_sees_a_page_that_says_so(chat: Chat, address: str) -> None:
    headers = {"accept": NAVIGATION, "if_none_match": "*"}
    for method, body in (("GET", PAGE), ("HEAD", b"")):
        async with ask(chat, address, method, **headers) as response:
            assert (response.status, response.content_type) == (404, "text/html"), address
            assert "Content-Security-Policy" in response.headers
            assert items(response.headers["Vary"]) >= {"Accept", "Authorization", "Sec-Fetch-Mode"}
            assert await response.read() == body


@pytest.mark.parametrize("address", MISSPELT)
async def test_a_page_is_found_however_its_address_is_written(chat: Chat, address: str) -> None:
    async with ask(chat, address, accept=NAVIGATION) as response:
        assert (response.status, await response.read()) == (200, PAGE)


@pytest.mark.parametrize("address", [*NOWHERE, *MISSPELT])
async def test_where_there_is_nothing_a_program_gets_the_error(chat: Chat, address: str) -> None:
    for headers in (
        *({"accept": accept} for accept in ("*/*", "application/json")),
        *({"accept": accept, "authorization": "Bearer x"} for accept in (NAVIGATION, JAVA)),
    ):
        async with ask(chat, address, **headers) as response:
            assert await error_of(response) in ((404, "not_found"), (405, "method_not_allowed")), headers
    for method in ("POST", "PUT", "OPTIONS"):
        async with ask(chat, address, method, accept=NAVIGATION) as response:
            assert response.content_type == "application/json", method


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/messages/unread_count", (401, "not_authenticated")),
        ("/messages/conversations", (401, "not_authenticated")),
        ("/messages/events", (401, "not_authenticated")),
        ("/messages/ws", (426, "upgrade_required")),
        ("/conversations", (401, "not_authenticated")),
        ("/users/1", (401, "not_authenticated")),
    ],
)
async def test_what_the_api_answers_is_no_page_for_a_browser_either(
    chat: Chat, address: str, expected: tuple[int, str]
) -> None:
    async with ask(chat, address, accept=NAVIGATION) as response:
        assert await error_of(response) == expected


@pytest.mark.parametrize("registration", ["open", "invite", "closed"])
async def test_the_client_is_told_who_may_register(start_web: StartWeb, registration: str) -> None:
    chat = await start_web(accounts={"registration": registration, "password_min": 12})
    async with ask(chat, "/config.json") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        assert await response.json() == {"api": "", "registration": registration, "password_min": 12, **NAMELESS}
        assert response.headers["Cache-Control"] == "no-cache"


async def test_the_client_is_told_even_where_it_was_not_built(start_web: StartWeb, tmp_path: Path) -> None:
    chat = await start_web(static=tmp_path / "none")
    async with ask(chat, "/config.json") as response:
        assert (await response.json())["registration"] == "open"

"""The original front end, played whole: every call it makes, in its order, from an origin of its own."""

import tomllib
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, FormData

from tests.api.test_avatars import picture
from tests.conftest import Start
from tests.support import Chat, Socket

ROOT = Path(__file__).resolve().parent.parent.parent

#: Where its pages come from, as the page about it says.
ORIGIN = "https://old.example.org"


class FrontEnd:
    """The front end in somebody's browser, which enforces CORS."""

    def __init__(self, chat: Chat) -> None:
        self._client = chat.client
        self._token = ""

    async def call(self, method: str, path: str, *, status: int = 200, token: bool = True, **options: Any) -> Any:
        """Make a call as its pages do, asking first where a browser would, and return the JSON."""
        headers = {"Origin": ORIGIN, "Accept": "application/json"}
        if token and self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        asked = [name for name in ("authorization",) if name.capitalize() in headers]
        asked += ["content-type"] if "json" in options else []
        if asked or method not in ("GET", "POST"):
            await self._preflight(method, path, ",".join(asked))
        async with self._client.request(method, path, headers=headers, **options) as response:
            assert response.status == status, await response.text()
            granted(response)
            return await response.json()

    async def _preflight(self, method: str, path: str, asked: str) -> None:
        headers = {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": asked}
        async with self._client.options(path, headers=headers) as response:
            assert response.ok
            granted(response)
            assert method in response.headers["Access-Control-Allow-Methods"]
            allowed = {name.strip().lower() for name in response.headers["Access-Control-Allow-Headers"].split(",")}
            assert set(asked.split(",")) - {""} <= allowed

    async def register_and_sign_in(self, username: str, password: str) -> dict[str, Any]:
        """Register, sign in by the form, and ask who that is."""
        user = {"username": username, "password": password, "nickname": username.capitalize()}
        registered = await self.call("POST", "/auth/register", status=201, json=user)
        form = {"username": username, "password": password}
        answer = await self.call("POST", "/auth/login", data=form)
        assert answer["token_type"] == "bearer"
        self._token = answer["access_token"]
        me: dict[str, Any] = await self.call("GET", "/auth/me")
        assert me == registered
        return me

    async def listen(self) -> Socket:
        """Open the socket, with the token in the address as a browser has no other place for it."""
        address = f"/messages/ws?token={self._token}"
        return Socket(await self._client.ws_connect(address, origin=ORIGIN))


def granted(response: ClientResponse) -> None:
    """Check that a browser lets the page read the answer."""
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def documented() -> dict[str, Any]:
    """Return the settings that the page about it asks for."""
    page = (ROOT / "docs" / "original-front-end.md").read_text(encoding="utf-8")
    block = page.partition("<!-- settings -->\n```toml\n")[2].partition("```")[0]
    return tomllib.loads(block)


async def test_the_original_front_end_works_whole_with_the_settings_its_page_says(start: Start) -> None:
    chat = await start(**documented())
    ada_page, bob_page = FrontEnd(chat), FrontEnd(chat)
    ada = await ada_page.register_and_sign_in("ada", "engine")
    bob = await bob_page.register_and_sign_in("bob", "a moth")

    [found] = await ada_page.call("GET", "/users/", params={"q": "bo", "skip": 0, "limit": 20})
    assert found["id"] == bob["id"]
    assert await ada_page.call("GET", f"/users/{found['id']}", token=False) == bob
    empty = await ada_page.call("GET", f"/messages/history/{bob['id']}?page=1&page_size=50")
    assert (empty["items"], empty["total"], empty["other_user"]) == ([], 0, found)

    socket = await bob_page.listen()
    await socket.ping()
    sent = await ada_page.call("POST", f"/messages/send/{bob['id']}", json={"content": "Good morning!"})
    assert await socket.receive() == {"type": "new_message", "data": sent}
    await socket.ping()

    assert await bob_page.call("GET", "/messages/unread_count") == {"unread_count": 1}
    [conversation] = (await bob_page.call("GET", "/messages/conversations"))["conversations"]
    assert conversation["user"] == sent["sender"]
    assert (conversation["unread_count"], conversation["last_message"]["is_mine"]) == (1, False)
    page = await bob_page.call("GET", f"/messages/history/{ada['id']}?page=1&page_size=50")
    assert page["items"] == [sent]
    assert (await bob_page.call("POST", f"/messages/read/{ada['id']}"))["success"] is True
    assert await bob_page.call("GET", "/messages/unread_count") == {"unread_count": 0}
    [read] = (await ada_page.call("GET", f"/messages/history/{bob['id']}?page=1&page_size=50"))["items"]
    assert read == {**sent, "is_read": True}

    form = FormData()
    form.add_field("file", picture("PNG", (8, 8)), filename="me.png", content_type="image/png")
    uploaded = await bob_page.call("POST", "/files/upload/avatar", data=form)
    profile = {"nickname": "Bobby", "avatar_path": uploaded["url"], "bio": "Hello"}
    changed = await bob_page.call("PUT", "/users/me", json=profile)
    assert changed == {**bob, **profile}
    assert await ada_page.call("GET", f"/users/{bob['id']}", token=False) == changed
    async with chat.client.get(uploaded["url"]) as response:
        assert (response.status, response.content_type) == (200, "image/webp")
    await socket.close()

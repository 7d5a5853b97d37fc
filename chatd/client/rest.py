"""The server's REST calls as methods."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

from chatd.client.errors import RateLimited, Refused, Unreachable
from chatd.client.models import (
    Brief,
    Conversation,
    Conversations,
    Cursor,
    Group,
    Health,
    History,
    Message,
    MessagePage,
    Session,
    User,
)

#: Somebody, by id or as the server described them.
Person = int | Brief

#: Where messages are: with a user (by id, too), in a group, or where another message is.
Place = int | Brief | Group | Message

#: How long a request may take, in seconds.
TIMEOUT = 30.0

#: What a server may say in passing: it, or a proxy before it, is not ready.
_PASSING = (502, 503, 504)


class Rest:
    """A user of a chat server, or nobody yet, who asks over HTTP.

    Where there is no token, the first call that needs one signs in. A call that the server's rate limit holds up is
    repeated when the server says it may be.

    Calls raise :class:`~chatd.client.Refused` when the server says no, and :class:`~chatd.client.Unreachable` when it
    says nothing.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        patience: float = 60.0,
    ) -> None:
        """Create one; nothing is sent yet.

        :param url: where the server is, such as ``https://chat.example.org``; a path in it is kept.
        :param token: of a session there is already.
        :param username: who signs in where there is no token.
        :param patience: the longest wait a rate limit may cause before :class:`RateLimited` is raised, in seconds.
        """
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"not an http:// or https:// address: {url!r}")
        self.url = url.rstrip("/")
        self.token = token
        self.patience = patience
        self._username = username
        self._password = password
        self._signing_in = asyncio.Lock()
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close what is open; the session on the server stays."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def register(self, username: str, password: str, nickname: str, *, invite: str | None = None) -> User:
        """Make an account, which does not sign in."""
        body = {"username": username, "password": password, "nickname": nickname, "invite": invite}
        return User.of(await self._ask("POST", "/auth/register", json=body, public=True))

    async def login(self, username: str, password: str) -> str:
        """Start a session, use its token from now on, and return it."""
        form = {"username": username, "password": password}
        answer = await self._ask("POST", "/auth/login", data=form, public=True)
        self.token = str(answer["access_token"])
        return self.token

    async def logout(self) -> None:
        """End this session."""
        await self._ask("POST", "/auth/logout")
        self.token = None

    async def me(self) -> User:
        """Return who one is."""
        return User.of(await self._ask("GET", "/auth/me"))

    async def sessions(self) -> tuple[Session, ...]:
        """Return one's sessions."""
        return tuple(map(Session.of, await self._ask("GET", "/auth/sessions")))

    async def end_session(self, session_id: int) -> None:
        """End one of one's sessions."""
        await self._ask("DELETE", f"/auth/sessions/{session_id}")

    async def change_password(self, old: str, new: str) -> None:
        """Change one's password; one's other sessions end."""
        await self._ask("POST", "/users/me/password", json={"old_password": old, "new_password": new})

    async def update_profile(self, **fields: str | None) -> User:
        """Change ``nickname``, ``avatar_path`` or ``bio``; what is left out stays."""
        return User.of(await self._ask("PUT", "/users/me", json=fields))

    async def user(self, user_id: int) -> User:
        """Return a user."""
        return User.of(await self._ask("GET", f"/users/{user_id}"))

    async def users(
        self, q: str | None = None, *, is_ai: bool | None = None, skip: int = 0, limit: int = 20
    ) -> tuple[Brief, ...]:
        """Return users whose names have ``q`` in them."""
        is_ai_text = None if is_ai is None else str(is_ai).lower()
        query = _query(q=q, is_ai=is_ai_text, skip=skip, limit=limit)
        return tuple(map(Brief.of, await self._ask("GET", "/users/", params=query)))

    async def user_named(self, username: str) -> Brief:
        """Return the user with this username.

        :raises Refused: with ``not_found`` if there is none.
        """
        skip, limit = 0, 100
        while True:
            page = await self.users(username, skip=skip, limit=limit)
            for user in page:
                if user.username.casefold() == username.casefold():
                    return user
            if len(page) < limit:
                raise Refused("not_found", f"Nobody here is called {username}.", status=404)
            skip += limit

    async def conversations(self, *, before: int | None = None, limit: int = 50) -> Conversations:
        """Return one's conversations, newest first.

        :param before: the id of the last message of the last conversation of the page before.
        """
        headers: dict[str, str] = {}
        query = _query(before=before, limit=limit)
        answer = await self._ask("GET", "/conversations", params=query, answer_headers=headers)
        cursor = Cursor(headers["chatd-epoch"], int(headers["chatd-cursor"]))
        return Conversations(tuple(map(Conversation.of, answer["conversations"])), answer["more"], cursor)

    async def messages(
        self,
        place: Place,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> MessagePage:
        """Return messages of a conversation, oldest first: the newest, or those beside a message's id."""
        query = _query(**await self._named(place), before=before, after=after, around=around, limit=limit)
        return MessagePage.of(await self._ask("GET", "/messages", params=query))

    async def history(self, user: Person, *, page: int = 1, page_size: int = 50) -> History:
        """Return a numbered page of the conversation with a user; page 1 is the newest."""
        query = _query(page=page, page_size=page_size)
        return History.of(await self._ask("GET", f"/messages/history/{_id(user)}", params=query))

    async def unread_count(self) -> int:
        """Return how many messages one has not read."""
        return int((await self._ask("GET", "/messages/unread_count"))["unread_count"])

    async def health(self) -> Health:
        """Return that the server can store messages, or raise."""
        return Health.of(await self._ask("GET", "/health", public=True))

    async def _named(self, place: Place) -> dict[str, int]:
        """Return a place as commands and queries name it."""
        if isinstance(place, Group):
            return {"group": place.id}
        if not isinstance(place, Message):
            return {"user": _id(place)}
        if place.group_id is not None:
            return {"group": place.group_id}
        assert place.receiver_id is not None
        mine = place.sender_id == await self._my_id()
        return {"user": place.receiver_id if mine else place.sender_id}

    async def _my_id(self) -> int:
        return (await self.me()).id

    async def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        return self._http

    async def _authorization(self) -> dict[str, str]:
        """Return the header that says who one is, after signing in if that is still to be done."""
        async with self._signing_in:
            if not self.token and self._username is not None and self._password is not None:
                await self.login(self._username, self._password)
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        public: bool = False,
        answer_headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Any:
        """Send a request and return the JSON of its answer.

        :param public: whether it needs no token.
        :param answer_headers: takes the answer's headers, their names in lower case.
        """
        headers = {} if public else await self._authorization()
        while True:
            try:
                async with (await self._session()).request(
                    method, self.url + path, headers=headers, **options
                ) as response:
                    answer = await _answer(response)
                    if answer_headers is not None:
                        answer_headers.update((name.lower(), value) for name, value in response.headers.items())
                    return answer
            except RateLimited as error:
                if error.retry_after > self.patience:
                    raise
                await asyncio.sleep(error.retry_after)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise Unreachable(f"{self.url} cannot be reached: {said(error)}") from error


async def _answer(response: aiohttp.ClientResponse) -> Any:
    """Return the JSON of an answer, or raise what it says."""
    if response.status == 204:
        return None
    try:
        answer = await response.json(content_type=None)
    except ValueError:
        answer = None
    if 200 <= response.status < 300 and answer is not None:
        return answer
    refusal: Mapping[str, Any] = answer if isinstance(answer, dict) and isinstance(answer.get("detail"), str) else {}
    detail = refusal.get("detail") or f"The server answered {response.status} {response.reason}."
    if response.status == 429:
        raise RateLimited(detail, retry_after(response.headers.get("Retry-After")) or 1.0, status=429)
    if response.status in _PASSING:
        raise Unreachable(detail)
    raise Refused(refusal.get("code", "http_error"), detail, status=response.status, errors=refusal.get("errors"))


def said(error: Exception) -> str:
    """Return what an error says, or at least what it is."""
    return str(error) or type(error).__name__


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for, if it says so in seconds."""
    return float(value) if value is not None and value.isascii() and value.isdigit() else None


def _id(person: Person) -> int:
    return person if isinstance(person, int) else person.id


def _query(**parameters: int | str | None) -> dict[str, int | str]:
    return {name: value for name, value in parameters.items() if value is not None}

"""The server's REST calls as methods."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from chatd.client.answers import answer_of, each_of, given, nothing, said
from chatd.client.environment import checked_url, settings
from chatd.client.errors import RateLimited, Refused, Unreachable
from chatd.client.group_models import Tally
from chatd.client.groups import Groups
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
from chatd.client.places import GroupPlace, Place, UserPlace, named

T = TypeVar("T")

#: Somebody, by id or as the server described them.
Person = int | Brief

#: What calls take for a place: the place, a user or their id, a group, or a message that is there.
PlaceLike = Place | int | Brief | Group | Message

#: How long a request may take, in seconds.
TIMEOUT = 30.0


class Rest:
    """The HTTP calls of one user, who may not have signed in yet.

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
        self.url = checked_url(url).rstrip("/")
        self.token = token
        self.patience = patience
        self._username = username
        self._password = password
        #: The calls about groups.
        self.groups = Groups(self._ask)
        self._signing_in = asyncio.Lock()
        self._http: aiohttp.ClientSession | None = None

    @classmethod
    def from_environment(cls, **options: Any) -> Self:
        """Create one for the server, and with the token or password, that environment variables give.

        They are ``CHAT_URL``, and ``CHAT_TOKEN``, ``CHAT_TOKEN_FILE``, or both ``CHAT_USERNAME`` and ``CHAT_PASSWORD``.

        :param options: what else it is created with.
        :raises NotConfigured: if one is missing or of no use.
        """
        given: dict[str, Any] = {**settings(), **options}
        return cls(**given)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; the session on the server stays."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def register(self, username: str, password: str, nickname: str, *, invite: str | None = None) -> User:
        """Create an account, without signing in."""
        body = {"username": username, "password": password, "nickname": nickname, "invite": invite}
        return await self._ask("POST", "/auth/register", User.of, json=body, public=True)

    async def login(self, username: str, password: str) -> str:
        """Start a session, use its token from now on, and return the token."""
        form = {"username": username, "password": password}
        token = await self._ask(
            "POST", "/auth/login", lambda answer: str(answer["access_token"]), data=form, public=True
        )
        self.token = token
        return token

    async def logout(self) -> None:
        """End this session."""
        await self._ask("POST", "/auth/logout", nothing)
        self.token = None

    async def me(self) -> User:
        """Return the user who is signed in."""
        return await self._ask("GET", "/auth/me", User.of)

    async def sessions(self) -> tuple[Session, ...]:
        """Return one's sessions."""
        return await self._ask("GET", "/auth/sessions", each_of(Session.of))

    async def end_session(self, session_id: int) -> None:
        """End one of one's sessions."""
        await self._ask("DELETE", f"/auth/sessions/{session_id}", nothing)

    async def change_password(self, old: str, new: str) -> None:
        """Change one's password; one's other sessions end."""
        body = {"old_password": old, "new_password": new}
        await self._ask("POST", "/users/me/password", nothing, json=body)

    async def update_profile(self, **fields: str | None) -> User:
        """Change ``nickname``, ``avatar_path`` or ``bio``; fields left out stay as they are."""
        return await self._ask("PUT", "/users/me", User.of, json=fields)

    async def user(self, user_id: int) -> User:
        """Return a user."""
        return await self._ask("GET", f"/users/{user_id}", User.of)

    async def users(
        self, q: str | None = None, *, is_ai: bool | None = None, skip: int = 0, limit: int = 20
    ) -> tuple[Brief, ...]:
        """Return the users whose names contain ``q``."""
        is_ai_text = None if is_ai is None else str(is_ai).lower()
        query = given(q=q, is_ai=is_ai_text, skip=skip, limit=limit)
        return await self._ask("GET", "/users/", each_of(Brief.of), params=query)

    async def user_named(self, username: str) -> Brief:
        """Return the user who signs in with this username, however written: the server knows which forms are equal.

        :raises Refused: with ``not_found`` if there is none.
        """
        found = await self._ask("GET", "/users/", each_of(Brief.of), params={"username": username})
        if len(found) != 1:  # an older server ignores this parameter, and returns more people
            raise Refused("not_found", f"Nobody here is called {username}.", status=404)
        return found[0]

    async def conversations(self, *, before: int | None = None, limit: int = 50) -> Conversations:
        """Return one's conversations, newest first.

        :param before: the ``activity`` of the last conversation of the page before, or, of a private one, the id of its
            last message.
        """
        headers: dict[str, str] = {}
        query = given(before=before, limit=limit)

        def page(answer: Any) -> Conversations:
            cursor = Cursor(headers["chatd-epoch"], int(headers["chatd-cursor"]))
            return Conversations(tuple(map(Conversation.of, answer["conversations"])), answer["more"], cursor)

        return await self._ask("GET", "/conversations", page, params=query, answer_headers=headers)

    async def messages(
        self,
        place: PlaceLike,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> MessagePage:
        """Return messages of a conversation, oldest first: the newest, or those beside a message's id."""
        query = given(**named(await self._place(place)), before=before, after=after, around=around, limit=limit)
        return await self._ask("GET", "/messages", MessagePage.of, params=query)

    async def history(self, user: Person, *, page: int = 1, page_size: int = 50) -> History:
        """Return a numbered page of the conversation with a user; page 1 is the newest."""
        query = given(page=page, page_size=page_size)
        return await self._ask("GET", f"/messages/history/{_id(user)}", History.of, params=query)

    async def unread_count(self) -> int:
        """Return the number of unread messages."""
        return await self._ask("GET", "/messages/unread_count", lambda answer: int(answer["unread_count"]))

    async def unread(self) -> Tally:
        """Return how much is unread in all conversations, groups among them, and what of it disturbs."""
        return await self._ask("GET", "/unread", Tally.of)

    async def health(self) -> Health:
        """Return the server's state; raise if it cannot store messages."""
        return await self._ask("GET", "/health", Health.of, public=True)

    async def check_server(self) -> None:
        """Find out whether there is a chatd server at the address, without signing in.

        :raises Unreachable: if nothing answers there, or something that is not chatd.
        """
        try:
            await self.health()
        except Refused as error:
            raise Unreachable(f"{self.url} is not a chatd server: {error.detail}") from None

    async def _place(self, place: PlaceLike) -> Place:
        """Return the place that a caller means."""
        match place:
            case UserPlace() | GroupPlace():
                return place
            case Group():
                return GroupPlace(place.id)
            case Message():
                return place.place_for(await self._my_id())
            case _:
                return UserPlace(_id(place))

    async def _my_id(self) -> int:
        return (await self.me()).id

    async def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        return self._http

    async def _authorization(self) -> dict[str, str]:
        """Return the header with the token; sign in first if there is none."""
        async with self._signing_in:
            if not self.token and self._username is not None and self._password is not None:
                await self.login(self._username, self._password)
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def _ask(
        self,
        method: str,
        path: str,
        of: Callable[[Any], T],
        *,
        public: bool = False,
        answer_headers: dict[str, str] | None = None,
        **options: Any,
    ) -> T:
        """Send a request and return its answer.

        :param of: makes the answer of its JSON, which is None where there is none.
        :param public: whether it needs no token.
        :param answer_headers: takes the answer's headers, their names in lower case.
        """
        headers = {} if public else await self._authorization()
        while True:
            try:
                async with (await self._session()).request(
                    method, self.url + path, headers=headers, allow_redirects=False, **options
                ) as response:
                    answer = await answer_of(response)
                    if answer_headers is not None:
                        answer_headers.update((name.lower(), value) for name, value in response.headers.items())
                try:
                    return of(answer)
                except (KeyError, TypeError, ValueError, AttributeError):
                    raise Refused("http_error", f"{self.url} does not answer as a chatd server does.") from None
            except RateLimited as error:
                if error.retry_after > self.patience:
                    raise
                await asyncio.sleep(error.retry_after)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise Unreachable(f"{self.url} cannot be reached: {said(error)}") from error


def _id(person: Person) -> int:
    return person if isinstance(person, int) else person.id

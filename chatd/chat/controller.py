"""The controller of the terminal client: it loads, listens and sends, and keeps the state."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from chatd.chat.chats import Chat, Outgoing
from chatd.chat.ending import Ending
from chatd.chat.state import PAGE, State
from chatd.client import (
    Backoff,
    Brief,
    ChatError,
    Client,
    Disconnected,
    Event,
    Message,
    NewMessage,
    Place,
    Refused,
    Resync,
    SessionEnded,
    Stopped,
    TokenMissing,
    Typing,
    Unreachable,
)

#: How long somebody counts as writing after the last sign of it, in seconds.
TYPING_LASTS = 6.0

#: How often others are told that one is writing, in seconds.
TYPING_EVERY = 3.0

#: How long to wait before a request that failed is repeated, in seconds.
AGAIN = 1.0


class Controller:
    """Carries out what the user does, and applies what the server tells.

    ``changed`` is called whenever there may be something new to draw.
    """

    def __init__(self, url: str, token: str, changed: Callable[[], None], backoff: Backoff | None = None) -> None:
        """Create a controller that :meth:`run` runs."""
        self.client = Client(url, token=token, backoff=backoff, sleep=self._pause)
        self.state: State | None = None
        self.opened: Place | None = None
        #: When the next try to connect is, by the monotonic clock; None while there is none to wait for.
        self.retry_at: float | None = None
        self.typing: dict[tuple[Place, int], float] = {}
        self._changed = changed
        self._outbox: asyncio.Queue[tuple[Chat, Outgoing]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[object]] = set()
        self._loading: set[Place] = set()
        self._reading: set[Place] = set()
        self._told_typing = 0.0
        self._changing = 0

    @property
    def chat(self) -> Chat | None:
        """The chat that is open."""
        return None if self.state is None or self.opened is None else self.state.chats.get(self.opened)

    @property
    def unsent(self) -> int:
        """How many messages and edits are still to be sent."""
        chats = self.state.chats.values() if self.state is not None else ()
        return self._changing + sum(each.problem is None for chat in chats for each in chat.outgoing)

    async def run(self) -> Ending | None:
        """Stay connected and apply events until told to stop or refused by the server.

        :returns: why, if it was the server.
        """
        connecting = asyncio.create_task(self.client.connect())
        await asyncio.sleep(0)  # now there is a connection to listen on, before it says anything
        try:
            events = self.client.events()
            await connecting
            self.state = State(self.client.myself)
            await self._load_list()
            self.start(self._send_all())
            self.start(self._quietly(self._load_invitations()))
            async for event in events:
                self._take(event)
        except (SessionEnded, TokenMissing) as error:
            return Ending(f"{_sentence(error)}.", sign_in=True)
        except (Stopped, Refused) as error:
            return Ending(_sentence(error))
        except Disconnected:
            pass
        finally:
            connecting.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(connecting, *self._tasks, return_exceptions=True)
            await self.client.close()
        return None

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Run ``work`` in the background."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def open(self, place: Place) -> None:
        """Open a chat and load its newest messages."""
        self.opened = place
        chat = self.chat
        if chat is not None and not chat.loaded:
            self.start(self._load_history(chat, newest=True))

    def load_older(self) -> None:
        """Load more of the open chat's history, if there is more."""
        chat = self.chat
        if chat is not None and chat.loaded and chat.more_before:
            self.start(self._load_history(chat, newest=False))

    def load_more_chats(self) -> None:
        """Load chats older than all that are loaded."""
        if self.state is not None and self.state.more:
            self.start(self._load_list(before=min(c.rank for c in self.state.chats.values() if c.rank)))

    def send(self, text: str, reply_to: int | None = None) -> None:
        """Send a message to the open chat, now or when there is a connection."""
        if (chat := self.chat) is not None:
            outgoing = Outgoing(text, uuid.uuid4().hex, datetime.now(UTC), reply_to)
            chat.outgoing.append(outgoing)
            self._outbox.put_nowait((chat, outgoing))
            self._told_typing = 0.0
            self._changed()

    async def change(self, work: Awaitable[object]) -> None:
        """Change a message, now or when there is a connection."""
        self._changing += 1
        try:
            await work
        except Refused:
            raise
        except ChatError:
            pass  # the events say why
        finally:
            self._changing -= 1
            self._changed()

    def last_said(self, *, mine: bool, before: int | None = None) -> Message | None:
        """Return the last message of the open chat that is one's own, or somebody else's, and still there."""
        chat, state = self.chat, self.state
        for message in reversed(chat.history if chat is not None else []):
            is_mine = state is not None and message.sender_id == state.me.id
            if is_mine == mine and message.deleted_at is None and (before is None or message.id < before):
                return message
        return None

    def read(self) -> None:
        """Mark the open chat as read."""
        chat = self.chat
        if chat is not None and chat.loaded and chat.unread and chat.place not in self._reading:
            self.start(self._read(chat))

    def tell_typing(self) -> None:
        """Tell the others that the user is writing, once in a while."""
        now = time.monotonic()
        if self.chat is not None and self.client.is_connected and now - self._told_typing > TYPING_EVERY:
            self._told_typing = now
            self.start(self._quietly(self.client.typing(self.chat.partner)))

    async def find(self, text: str) -> tuple[Brief, ...]:
        """Return the other people whose names contain ``text``."""
        found = await self.client.users(text or None, limit=20)
        return tuple(each for each in found if self.state is None or each.id != self.state.me.id)

    def writers(self) -> list[int]:
        """Return the ids of the users who are writing in the open chat."""
        now = time.monotonic()
        return [user_id for (place, user_id), until in self.typing.items() if place == self.opened and until > now]

    def _take(self, event: Event) -> None:
        assert self.state is not None
        state = self.state
        if isinstance(event, Resync):
            state.reset(self.opened)
            state.load(event.conversations)
            if self.opened is not None:
                self.open(self.opened)
        elif isinstance(event, Typing):
            self.typing[event.place, event.user_id] = time.monotonic() + TYPING_LASTS
            asyncio.get_running_loop().call_later(TYPING_LASTS + 0.05, self._changed)
        else:
            state.apply(event)
            if isinstance(event, NewMessage):
                self.typing.pop((event.message.place_for(state.me.id), event.message.sender_id), None)
        if self.opened is not None and self.opened not in state.chats:
            self.opened = None
        elif self.opened is not None and not state.chats[self.opened].loaded:
            self.open(self.opened)
        if state.is_stale:
            state.is_stale = False
            self.start(self._load_list())
        self._changed()

    async def _load_list(self, before: int | None = None) -> None:
        assert self.state is not None
        while True:
            is_first = not self.state.chats or before is not None
            with contextlib.suppress(Unreachable):
                self.state.load(await self.client.conversations(before=before), more=is_first)
                self._changed()
                return
            await asyncio.sleep(AGAIN)

    async def _load_invitations(self) -> None:
        assert self.state is not None
        self.state.invitations |= {each.group.id for each in await self.client.groups.invitations()}
        self._changed()

    async def _load_history(self, chat: Chat, *, newest: bool) -> None:
        """Load messages; repeat where a change came in the meantime, as the answer may be older than it."""
        assert self.state is not None
        if chat.place in self._loading:
            return
        self._loading.add(chat.place)
        try:
            while True:
                changes = self.state.changes
                before = None if newest else min(chat.messages, default=None)
                try:
                    page = await self.client.messages(chat.partner, before=before, limit=PAGE)
                except Unreachable:
                    await asyncio.sleep(AGAIN)
                    continue
                except Refused as error:
                    if error.status != 404:
                        raise
                    chat.loaded, chat.more_before = True, False  # nothing has been said yet
                    break
                if changes == self.state.changes:
                    self.state.add_page(chat, page, newest=newest)
                    break
        except ChatError:
            pass  # the events say why
        finally:
            self._loading.discard(chat.place)
        self._changed()

    async def _send_all(self) -> None:
        """Send the messages that wait, one after another, so that they keep their order."""
        while True:
            chat, outgoing = await self._outbox.get()
            try:
                message = await self.client.send(
                    chat.partner, outgoing.content, reply_to=outgoing.reply_to, client_id=outgoing.client_id
                )
            except Refused as error:
                outgoing.problem = error.detail
            except ChatError:
                return  # the events say why
            else:
                assert self.state is not None
                self.state.stored(message)
            self._changed()

    async def _read(self, chat: Chat) -> None:
        self._reading.add(chat.place)
        try:
            with contextlib.suppress(ChatError):
                await self.client.read(chat.partner, chat.newest_id)
        finally:
            self._reading.discard(chat.place)

    async def _quietly(self, work: Awaitable[object]) -> None:
        with contextlib.suppress(ChatError):
            await work

    async def _pause(self, seconds: float) -> None:
        """Sleep for the client; while it is offline, show when it tries again."""
        if self.client.is_connected:
            await asyncio.sleep(seconds)
            return
        self.retry_at = time.monotonic() + seconds
        self._changed()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.retry_at = None
            self._changed()


def _sentence(error: ChatError) -> str:
    return error.detail[:1].upper() + error.detail[1:]

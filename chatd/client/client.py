"""The client: commands, events and REST calls of one user."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any, Self

from chatd.client.backoff import Backoff
from chatd.client.errors import Disconnected, RateLimited, Refused, SessionEnded
from chatd.client.link import Frame, Link
from chatd.client.models import Brief, Cursor, Json, Message
from chatd.client.places import ids_of, named
from chatd.client.rest import PlaceLike, Rest
from chatd.client.stream import EventStream
from chatd.client.subscription import MessageHandler, Subscription
from chatd.client.timeline import Sleep
from chatd.client.uplink import Uplink


class Client(Rest):
    """One user's connection to a chat server, and their REST calls.

    ``async with Client(url, token=…) as client`` connects and, at the end, disconnects. A connection that is lost is
    opened again, the first time within 3 seconds, then less and less often, but at least every 30; meanwhile commands
    wait. There is only one, however many listen.

    It ends for good where coming back is of no use: the token is no good (:class:`~chatd.client.TokenMissing`,
    :class:`~chatd.client.SessionEnded`), the user may not connect (:class:`~chatd.client.NotAllowed`) or has too many
    connections (:class:`~chatd.client.TooManyConnections`), or the sign-in was refused
    (:class:`~chatd.client.Refused`). Commands and event streams then raise that.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        patience: float = 60.0,
        backoff: Backoff | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Create a client that :meth:`connect` or ``async with`` connects.

        :param url: where the server is, such as ``https://chat.example.org``.
        :param token: of a session there is already.
        :param username: who signs in where there is no token.
        :param patience: the longest wait a rate limit may cause a REST call, in seconds.
        :param backoff: how long to wait between tries to connect.
        :param sleep: waits between those, and for the server's rate limits.
        """
        super().__init__(url, token=token, username=username, password=password, patience=patience)
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._uplink: Uplink | None = None
        self._gate = asyncio.Lock()
        self._me: Brief | None = None
        self._cursor: Cursor | None = None
        self._subscriptions: set[Subscription] = set()

    async def connect(self) -> None:
        """Connect; where the server cannot be reached, try until it can.

        :raises ChatError: if the server refuses for good.
        """
        uplink = self._prepared_uplink()
        uplink.start()
        await uplink.up()

    async def disconnect(self) -> None:
        """Disconnect. Commands that wait raise :class:`Disconnected`; event streams end."""
        if self._uplink is not None:
            self._cursor = self._uplink.timeline.cursor
            if isinstance(self._uplink.end, SessionEnded) and self._password is not None:
                self.token = None  # whoever connects again signs in again
            await self._uplink.stop()
            self._uplink = None
        tasks = [task for each in self._subscriptions if (task := each.stop()) is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Disconnect and close all that is open; the session on the server stays."""
        await self.disconnect()
        await super().close()

    async def __aenter__(self) -> Self:
        try:
            await self.connect()
        except BaseException:
            await self.close()
            raise
        return self

    async def wait_ended(self) -> None:
        """Wait until the connection ends: return when this side ends it, raise when the server does.

        For programs that do nothing but handle messages.
        """
        async for _ in self._connected().timeline.stream(None):
            pass

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection right now."""
        return self._uplink is not None and self._uplink.is_up

    @property
    def myself(self) -> Brief:
        """Who one is, as the server said at the last connecting."""
        if self._me is None:
            raise Disconnected("connect first")
        return self._me

    @property
    def cursor(self) -> Cursor | None:
        """The place up to which all event streams have been read: to keep, and give to :meth:`events` another day."""
        return self._cursor if self._uplink is None else self._uplink.timeline.cursor

    def events(self, since: Cursor | str | None = None) -> EventStream:
        """Return everything that happens to this user, as an asynchronous iterator.

        It may be asked for before connecting; then it begins with the connection.

        Every logged event comes once and in order, one's own doings included, whatever becomes of the connection.
        Where the server cannot tell what happened since, :class:`~chatd.client.Resync` comes instead of it.

        :param since: the cursor of the last event that was seen; None for from now on.
        """
        return self._prepared_uplink().timeline.stream(Cursor.parse(since) if isinstance(since, str) else since)

    def on_message(self, handler: MessageHandler) -> Callable[[], None]:
        """Call ``handler`` with each new message of somebody else, one after another.

        What it raises is logged. It stays subscribed when the client disconnects and connects again, and is called
        with what came meanwhile.

        :returns: a function that unsubscribes it.
        """
        subscription = Subscription(handler, lambda: self._me)
        self._subscriptions.add(subscription)
        if self._uplink is not None:
            subscription.start(self._uplink.timeline)

        def unsubscribe() -> None:
            subscription.cancel(self._subscriptions.discard)

        return unsubscribe

    async def send(
        self, to: PlaceLike, text: str, *, reply_to: int | Message | None = None, client_id: str | None = None
    ) -> Message:
        """Send a message and return it as it is stored, on disk.

        It is stored once, whatever becomes of the connection meanwhile.

        :param to: a place, a user, a group, or a message: where that one is.
        :param reply_to: the message it answers.
        :param client_id: what names this sending, 1 to 64 characters, so that it can be repeated without a double.
        :raises Refused: if the server will not store it.
        :raises Disconnected: if the client is not connected, or disconnects: then it may have been stored or not.
        """
        place = await self._place(to)
        data: dict[str, Any] = {**named(place), "content": text, "client_id": client_id or uuid.uuid4().hex}
        if reply_to is not None:
            data["reply_to"] = _message_id(reply_to)
        answer = await self._command("send", data, lambda data: ("new_message", data["message"]))
        return Message.of(answer["message"])

    async def edit(self, message: int | Message, text: str) -> Message:
        """Edit a message of one's own, and return it."""
        data = {"message_id": _message_id(message), "content": text}
        answer = await self._command("edit", data, lambda data: ("message_edited", data["message"]))
        return Message.of(answer["message"])

    async def delete(self, message: int | Message) -> None:
        """Delete a message of one's own."""
        data = {"message_id": _message_id(message)}
        try:
            await self._command("delete", data, lambda data: ("message_deleted", _deletion(data["message"])))
        except Refused as error:
            if not (error.repeated and error.code in ("message_deleted", "not_found")):
                raise

    async def react(self, message: int | Message, emoji: str) -> None:
        """Put an emoji below a message."""
        await self._set_reaction("react", message, emoji)

    async def unreact(self, message: int | Message, emoji: str) -> None:
        """Take one's emoji away."""
        await self._set_reaction("unreact", message, emoji)

    async def read(self, place: PlaceLike, up_to: int | Message | None = None) -> int:
        """Mark the messages of a conversation as read, and return up to which one they are read now.

        :param up_to: the last message that was read; may be left out where ``place`` is that message.
        """
        if up_to is None:
            if not isinstance(place, Message):
                raise TypeError("up_to may be left out only where place is a message")
            up_to = place
        where = await self._place(place)
        whose = {"reader_id": self.myself.id, **ids_of(where)}
        data = {**named(where), "up_to": _message_id(up_to)}
        answer = await self._command("read", data, lambda data: ("read", {**whose, "up_to": data["up_to"]}))
        return int(answer["up_to"])

    async def typing(self, place: PlaceLike) -> None:
        """Tell the others that one is writing."""
        await self._command("typing", named(await self._place(place)), lambda data: ("typing", data))

    async def _set_reaction(self, kind: str, message: int | Message, emoji: str) -> None:
        data = {"message_id": _message_id(message), "emoji": emoji}
        event = {**data, "user_id": self.myself.id, "on": kind == "react"}
        await self._command(kind, data, lambda _: ("reaction", event))

    async def _command(self, kind: str, data: Json, event: Callable[[Json], tuple[str, Json]]) -> Json:
        """Send a command and return its answer; when the server limits the rate, all commands slow down together."""
        uplink = self._connected()
        async with self._gate:
            pass  # whoever the server told to wait goes first
        try:
            return await uplink.ask(kind, data, event)
        except RateLimited as error:
            wait = error.retry_after
        async with self._gate:
            while True:
                await self._sleep(wait)
                try:
                    return await uplink.ask(kind, data, event)
                except RateLimited as error:
                    wait = error.retry_after

    def _prepared_uplink(self) -> Uplink:
        """Return the uplink; make one where there is none, which is not started."""
        if self._uplink is None:
            self._uplink = Uplink(self._open_link, self.conversations, self._backoff, self._sleep)
            for subscription in self._subscriptions:
                subscription.start(self._uplink.timeline)
        return self._uplink

    def _connected(self) -> Uplink:
        if self._uplink is None or not self._uplink.is_started:
            raise Disconnected("the client is not connected")
        return self._uplink

    async def _my_id(self) -> int:
        return self.myself.id

    async def _open_link(self, hear: Callable[[Frame], None]) -> Link:
        headers = await self._authorization()
        link = await Link.open(await self._session(), self.url + "/messages/ws", headers, hear)
        self._me = link.me
        return link


def _message_id(message: int | Message) -> int:
    return message if isinstance(message, int) else message.id


def _deletion(message: Json) -> Json:
    return {name: message[name] for name in ("id", "sender_id", "receiver_id", "group_id", "deleted_at")}

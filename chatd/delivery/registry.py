"""Who is connected, and what reaches them.

Clients are held by weak references, so that a leak elsewhere cannot keep a socket alive. The handler still removes its
own.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Protocol
from weakref import ref

from chatd.delivery.connection import NOT_AUTHENTICATED, Connection
from chatd.delivery.dialect import Dialect
from chatd.delivery.frames import Frames
from chatd.errors import RateLimited, TooManyConnections
from chatd.events import Event, SessionEnded, UserDisabled
from chatd.models import among

log = logging.getLogger(__name__)

#: The close codes of the socket, as clients know them.
NO_TOKEN = 4001
ACCOUNT_UNAVAILABLE = 4003
TOO_MANY = 4009
RESTARTING = 1012


class Elsewhere(Protocol):
    """The other processes of a cluster, and who is connected to them."""

    def came(self, user_id: int, number: int, /) -> None:
        """Note a connection here, by its number. Whether its user has come by it is told by itself."""

    def went(self, user_id: int, number: int, /) -> None:
        """Note that a connection here has gone."""

    def is_online(self, user_id: int, /) -> bool:
        """Report whether a user has a connection here or elsewhere."""

    def tell(self, event: Event, /) -> None:
        """Tell the clients of the other processes something that may be lost."""


class Registry:
    """All connected clients by user."""

    def __init__(self, *, per_user: int, per_address: int, in_all: int) -> None:
        """Create an empty registry.

        :param per_user: how many connections a user may have; one more closes the oldest. 0: no limit.
        :param per_address: how many an address may have; one more is refused. 0: no limit.
        :param in_all: how many there may be; one more is refused. 0: no limit.
        """
        self._per_user = per_user
        self._per_address = per_address
        self._in_all = in_all
        self._by_user: dict[int, tuple[ref[Dialect], ...]] = {}
        self._waiting: dict[int, set[asyncio.Future[None]]] = {}
        self._addresses: Counter[str] = Counter()
        self._admitted = 0
        self._stopping = False
        self._emptied = asyncio.Event()
        self._came_or_went: Callable[[int], None] | None = None
        self._elsewhere: Elsewhere | None = None
        #: The newest ``seq`` that was published.
        self.head = 0

    def admit(self, address: str) -> None:
        """Count a connection from ``address``, until :meth:`dismiss` is called for it.

        :raises TooManyConnections: there are as many as there may be, or the server is stopping.
        """
        if self._stopping:
            raise TooManyConnections
        if self._in_all and self._admitted >= self._in_all:
            raise TooManyConnections
        if self._per_address and self._addresses[address] >= self._per_address:
            raise TooManyConnections
        self._admitted += 1
        self._addresses[address] += 1

    def dismiss(self, address: str) -> None:
        """Stop counting a connection that was admitted."""
        self._admitted -= 1
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]
        if self._stopping and not self._admitted:
            self._emptied.set()

    def on_presence(self, subscriber: Callable[[int], None]) -> None:
        """Call ``subscriber`` with a user's id when their first client connects and when their last one leaves."""
        self._came_or_went = subscriber

    def note_presence(self, user_id: int) -> None:
        """Note that a user has come or gone."""
        if self._came_or_went is not None:
            self._came_or_went(user_id)

    def join(self, elsewhere: Elsewhere) -> None:
        """Be one of several processes: count with them who is connected."""
        self._elsewhere = elsewhere

    def add(self, client: Dialect) -> None:
        """Add a client. If its user has too many now, close the oldest."""
        user_id = client.connection.identity.user_id
        clients = self._clients(user_id)
        self._keep(user_id, [*clients, client])
        if self._stopping:
            client.connection.say_goodbye(RESTARTING, "the server restarts")
        if self._per_user and len(clients) >= self._per_user:
            oldest = min([*clients, client], key=lambda each: each.connection.number)
            self._keep(user_id, [each for each in self._clients(user_id) if each is not oldest])
            oldest.connection.say_goodbye(TOO_MANY, "too many connections of this user")
        if self._elsewhere is not None:
            self._elsewhere.came(user_id, client.connection.number)
        elif not clients:
            self.note_presence(user_id)

    def remove(self, client: Dialect) -> None:
        """Remove a client."""
        user_id = client.connection.identity.user_id
        if user_id in self._by_user:
            self._keep(user_id, [each for each in self._clients(user_id) if each is not client])
            if user_id not in self._by_user and self._elsewhere is None:
                self.note_presence(user_id)
        if self._elsewhere is not None:
            self._elsewhere.went(user_id, client.connection.number)

    def close_as_too_many(self, user_id: int, number: int) -> None:
        """Close a connection of a user with too many of them, counted over all processes."""
        for connection in self.of(user_id):
            if connection.number == number:
                connection.say_goodbye(TOO_MANY, "too many connections of this user")

    def _keep(self, user_id: int, clients: list[Dialect]) -> None:
        """Replace a user's clients."""
        if clients:
            self._by_user[user_id] = tuple(ref(client) for client in clients)
        else:
            self._by_user.pop(user_id, None)

    def of(self, user_id: int) -> list[Connection]:
        """Return a user's connections."""
        return [client.connection for client in self._clients(user_id)]

    def all(self) -> list[Connection]:
        """Return all connections."""
        return [client.connection for user_id in self._by_user for client in self._clients(user_id)]

    @property
    def online(self) -> int:
        """How many users have a connection."""
        return len(self._by_user)

    def is_online(self, user_id: int) -> bool:
        """Report whether a user has a connection, here or to another process."""
        return user_id in self._by_user if self._elsewhere is None else self._elsewhere.is_online(user_id)

    def sessions(self) -> set[tuple[int, int]]:
        """Return the user id and session id of each session that has a connection."""
        return {(each.identity.user_id, each.identity.session_id) for each in self.all()}

    def publish_everywhere(self, event: Event) -> None:
        """Send an event that nobody stores to its recipients, to whichever process they are connected."""
        self.publish(event)
        if self._elsewhere is not None:
            self._elsewhere.tell(event)

    def publish(self, event: Event) -> None:
        """Send an event to its recipients' connections, except the one it comes from."""
        if isinstance(event, SessionEnded):
            for connection in self.of(*event.recipients):
                if connection.identity.session_id == event.session_id:
                    connection.say_goodbye(NOT_AUTHENTICATED, "the session has ended")
        elif isinstance(event, UserDisabled):
            for connection in self.of(*event.recipients):
                connection.say_goodbye(ACCOUNT_UNAVAILABLE, "the account may not connect")
        else:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        frames = Frames(event)
        for user_id in _fewer(event.recipients, self._by_user):
            for reference in self._by_user.get(user_id, ()):
                client = reference()
                if client is None or client.connection is event.origin:
                    continue
                try:
                    client.receive(frames)
                except Exception:
                    log.exception(
                        "a client could not be told of %s",
                        type(event).__name__,
                        extra={"event": "client_not_told", "connection": client.connection.number},
                    )
                    client.connection.drop("it missed something")
        if frames.seq is not None:
            self.head = frames.seq
            if self._waiting:
                for user_id in _fewer(event.recipients, self._waiting):
                    self._wake(self._waiting.get(user_id, ()))

    @property
    def is_stopping(self) -> bool:
        """Whether the server is stopping."""
        return self._stopping

    @contextlib.contextmanager
    def next_change(self, user_id: int) -> Iterator[asyncio.Future[None]]:
        """Return a future that is done at the next change that concerns a user, or when the server stops.

        :raises RateLimited: as many futures wait for this user as a user may have connections.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        futures = self._waiting.setdefault(user_id, set())
        if self._per_user and len(futures) >= self._per_user:
            raise RateLimited(1.0)
        futures.add(future)
        try:
            yield future
        finally:
            futures.discard(future)
            if not futures and self._waiting.get(user_id) is futures:
                del self._waiting[user_id]

    def send_away(self, reason: str) -> None:
        """Close every connection with 1012 and wake whoever waits: each client comes back and catches up."""
        for futures in self._waiting.values():
            self._wake(futures)
        for user_id in list(self._by_user):
            for client in self._clients(user_id):
                client.warn_of_restart()
                client.connection.say_goodbye(RESTARTING, reason)

    async def close_all(self) -> None:
        """Close every connection, wait until all are gone, and admit no more: the server is stopping."""
        self._stopping = True
        self.send_away("the server restarts")
        if self._admitted:
            await self._emptied.wait()

    def _clients(self, user_id: int) -> list[Dialect]:
        return [client for reference in self._by_user.get(user_id, ()) if (client := reference()) is not None]

    @staticmethod
    def _wake(futures: Iterable[asyncio.Future[None]]) -> None:
        for future in futures:
            if not future.done():
                future.set_result(None)


def _fewer(recipients: tuple[int, ...], there: Collection[int]) -> Iterable[int]:
    """Return the recipients or, if those who are there are fewer, the recipients among them."""
    return recipients if len(recipients) <= len(there) else among(recipients, there)

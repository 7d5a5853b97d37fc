"""What has gathered for many sockets in one turn of the loop is written by one callback."""

import asyncio

import pytest

from chatd.delivery.connection import Connection
from chatd.http.context import REGISTRY
from tests.support import Chat


class Wire(asyncio.Transport):
    """A connection's transport, which notes each write of its connection; a broken one fails at it."""

    def __init__(self, connection: Connection, written: list[int], *, broken: bool = False) -> None:
        self._wire = connection._transport
        self._number = connection.number
        self._written = written
        self._broken = broken
        connection._transport = self

    def write(self, data: "bytes | bytearray | memoryview") -> None:
        if self._broken:
            raise RuntimeError("unforeseen")
        self._written.append(self._number)
        self._wire.write(data)

    def is_closing(self) -> bool:
        return self._wire.is_closing()

    def get_write_buffer_size(self) -> int:
        return self._wire.get_write_buffer_size()

    def abort(self) -> None:
        self._wire.abort()


async def test_a_socket_that_cannot_be_written_to_is_dropped_and_the_others_miss_nothing(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = await chat.people("alice", "bobby")
    sockets = []
    for _ in range(3):  # one after the other, so that they are entered in this order
        sockets.append(await bob.connect())
        await sockets[-1].ping()
    _, broken, _ = chat.server.app[REGISTRY].of(bob.id)
    Wire(broken, [], broken=True)
    sent = await alice.send(bob, "hello")
    one, other = sockets[0], sockets[2]
    assert [(await socket.receive())["data"]["id"] for socket in (one, other)] == [sent["id"]] * 2
    assert await sockets[1].closed() == 1006
    failed = [each for each in caplog.records if getattr(each, "event", None) == "socket_not_written"]
    assert [getattr(each, "connection", None) for each in failed][:1] == [broken.number]
    for socket in (one, other):
        await socket.ping()


async def test_the_sockets_are_written_to_in_the_order_in_which_they_were_told(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for _ in range(5):
        await (await bob.connect()).ping()
    written: list[int] = []
    for connection in chat.server.app[REGISTRY].of(bob.id):
        Wire(connection, written)
    await alice.send(bob, "hello")
    await asyncio.sleep(0)
    assert written == [each.number for each in chat.server.app[REGISTRY].of(bob.id)]

"""The tests' own servers leave no connection behind."""

import asyncio
import gc
import socket

import pytest

from tests.listener import Listener
from tests.support import PATIENCE


@pytest.mark.parametrize("turns", range(8))
async def test_a_connection_is_ended_whatever_state_it_is_in_when_the_server_stops(turns: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far, _ = await listener.connect("127.0.0.1", port)
        await far.read()

    with socket.create_server(("127.0.0.1", 0)) as target:
        port = target.getsockname()[1]
        async with Listener(serve) as listener:
            client = socket.create_connection(("127.0.0.1", listener.port), PATIENCE)
            for _ in range(turns):
                await asyncio.sleep(0)
        with client:
            assert await asyncio.to_thread(is_ended, client)
    gc.collect()  # a connection that nobody has closed is a warning, and a warning is an error


def is_ended(client: socket.socket) -> bool:
    """Report whether the other side has closed a connection, or never took it."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


async def test_what_goes_wrong_with_a_connection_is_raised_when_the_server_stops() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read(1) == b"x"

    listener = Listener(serve)
    await listener.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"y")
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(AssertionError):
        await listener.stop()


async def test_it_can_be_started_again() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(5))

    listener = Listener(serve)
    for _ in range(2):
        await listener.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"hello")
        assert await reader.read() == b"hello"
        writer.close()
        await listener.stop()

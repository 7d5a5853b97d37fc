"""A TCP line between clients and a server that fails as networks do: on command, or at random from a seed."""

import asyncio
import enum
import random
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from yarl import URL

from tests.listener import Listener

#: SO_LINGER for a close that sends RST instead of FIN.
ABRUPT = struct.pack("ii", 1, 0)

CHUNK = 64 * 1024


class Fault(enum.Enum):
    """What can happen to a connection, or, for REFUSE, to those who want one."""

    RESET = enum.auto()
    FINISH = enum.auto()
    HALF_OPEN = enum.auto()
    STALL = enum.auto()
    TRICKLE = enum.auto()
    REFUSE = enum.auto()


class Line:
    """One connection through the proxy: a side to the client and a side to the server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter, chance: random.Random) -> None:
        self._sides = client, server
        self._flows = asyncio.Event(), asyncio.Event()  # to the client, to the server
        self._chance = chance
        self._pause = 0.0
        self._half_open = False
        self._ended = False
        self.mend()

    @property
    def is_half_open(self) -> bool:
        """Whether it is dead and nobody was told."""
        return self._half_open

    def reset(self) -> None:
        """End it by RST on both sides."""
        for side in self._sides:
            sock = side.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
            side.transport.abort()
        self._release()

    def finish(self) -> None:
        """End it by FIN on both sides, after what is on its way."""
        for side in self._sides:
            side.close()
        self._release()

    def half_open(self) -> None:
        """Swallow all that comes from now on, and tell neither side, not even that the other is gone."""
        self._half_open = True
        self.mend()

    def stall(self, *, to_client: bool = True, to_server: bool = True) -> None:
        """Hold back what goes in one or both directions, until it is mended."""
        for flow, is_stalled in zip(self._flows, (to_client, to_server), strict=True):
            if is_stalled and not self._ended:
                flow.clear()

    def trickle(self, pause: float) -> None:
        """Forward in small pieces with a pause before each, in seconds, until it is mended."""
        self._pause = pause

    def mend(self) -> None:
        """Stall and trickle no more; what is half open stays so."""
        self._pause = 0
        for flow in self._flows:
            flow.set()

    async def carry(self, from_client: asyncio.StreamReader, from_server: asyncio.StreamReader) -> None:
        """Forward until both sides are gone."""
        client, server = self._sides
        await asyncio.gather(
            self._pump(from_server, client, self._flows[0]), self._pump(from_client, server, self._flows[1])
        )
        self.reset()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: asyncio.Event) -> None:
        end = self.finish
        try:
            while data := await reader.read(CHUNK):
                for piece in self._pieces(data):
                    await asyncio.sleep(self._pause)
                    await flow.wait()
                    if not self._half_open:
                        writer.write(piece)
                        await writer.drain()
        except OSError:
            end = self.reset
        await flow.wait()
        if not self._half_open:
            end()

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            size = self._chance.randint(1, 100) if self._pause else len(data)
            yield data[:size]
            data = data[size:]

    def _release(self) -> None:
        self._ended = True
        self.mend()


class FaultProxy:
    """Stands between clients and a server, and fails."""

    def __init__(self, target: str, chance: random.Random) -> None:
        """Create a proxy that ``async with`` starts.

        :param target: the server's address; may be changed at any time, for the connections to come.
        :param chance: what decides where something is left to chance.
        """
        self.target = target
        #: While set, who connects is cut off at once.
        self.is_refusing = False
        self.url = ""
        #: What :meth:`fail_at_random` has done.
        self.done: Counter[Fault] = Counter()
        self._chance = chance
        self._lines: dict[Line, None] = {}  # in the order they came
        self._listener = Listener(self._serve)
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def lines(self) -> list[Line]:
        """The connections that are not dead, the oldest first."""
        return [line for line in self._lines if not line.is_half_open]

    async def __aenter__(self) -> Self:
        await self._listener.start()
        self.url = f"http://127.0.0.1:{self._listener.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.mend()
        await self._listener.stop()

    def mend(self) -> None:
        """Fail no more; what is half open stays so."""
        self.is_refusing = False
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for line in self._lines:
            line.mend()

    def fail_at_random(self, *, longest: float) -> None:
        """Make something happen.

        :param longest: how long what passes may last, in seconds.
        """
        fault = self._chance.choice(list(Fault))
        seconds = self._chance.uniform(0, longest)
        if fault is Fault.REFUSE:
            self.is_refusing = True
            self._later(seconds, self._accept_again)
        elif lines := self.lines:
            line = self._chance.choice(lines)
            match fault:
                case Fault.RESET:
                    line.reset()
                case Fault.FINISH:
                    line.finish()
                case Fault.HALF_OPEN:
                    line.half_open()
                case Fault.STALL:
                    to_client, to_server = self._chance.choice([(True, True), (True, False), (False, True)])
                    line.stall(to_client=to_client, to_server=to_server)
                    self._later(seconds, line.mend)
                case Fault.TRICKLE:
                    line.trickle(pause=0.001)
                    self._later(seconds, line.mend)
        else:
            return
        self.done[fault] += 1

    def _accept_again(self) -> None:
        self.is_refusing = False

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        def act() -> None:
            self._timers.discard(timer)
            what()

        timer = asyncio.get_running_loop().call_later(seconds, act)
        self._timers.add(timer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_refusing:
            writer.transport.abort()
            return
        target = URL(self.target)
        far_reader, far_writer = await self._listener.connect(target.host, target.port)
        line = Line(writer, far_writer, self._chance)
        self._lines[line] = None
        try:
            await line.carry(reader, far_reader)
        finally:
            line.reset()
            del self._lines[line]

"""A line that can be bad or cut: between network namespaces where they can be made, and through the fault proxy."""

import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from tests.faults.namespaces import Card, namespace
from tests.faults.proxy import FaultProxy
from tests.process import ServerProcess


class Network(Protocol):
    """Between clients and a server."""

    server: ServerProcess
    #: Where clients find it.
    url: str
    #: What the line does when it is bad.
    badness: str

    def spoil(self) -> None:
        """Make the line delay packets and, if it can, lose some."""

    def cut(self) -> None:
        """Let nothing through, in either direction, and tell nobody."""

    def heal(self) -> None:
        """Let everything through."""


class Proxied:
    """A proxy in between."""

    badness = "small pieces with pauses"

    def __init__(self, server: ServerProcess, proxy: FaultProxy) -> None:
        self.server = server
        self.url = proxy.url
        self._proxy = proxy

    def spoil(self) -> None:
        for line in self._proxy.lines:
            line.trickle(0.002)

    def cut(self) -> None:
        self._proxy.is_refusing = True
        for line in self._proxy.lines:
            line.half_open()

    def heal(self) -> None:
        self._proxy.mend()


class Namespaced:
    """The server in a network namespace of its own, and a pair of virtual cards in between."""

    def __init__(self, card: Card, server: ServerProcess) -> None:
        self.server = server
        self.url = server.url
        self._card = card
        self._has_netem = card.can_be_bad()
        self.badness = "40 ms, 5 % lost" if self._has_netem else "no netem in this kernel"

    def spoil(self) -> None:
        if self._has_netem:
            self._card.spoil()

    def cut(self) -> None:
        self._card.cut()

    def heal(self) -> None:
        self._card.mend()
        self._card.heal()


@contextlib.asynccontextmanager
async def through_a_proxy(data_dir: Path, **variables: str) -> AsyncIterator[Network]:
    """Start a server behind a proxy."""
    with ServerProcess(data_dir, **variables) as server:
        async with FaultProxy(server.url, random.Random(0)) as proxy:
            yield Proxied(server, proxy)


@contextlib.asynccontextmanager
async def in_a_namespace(data_dir: Path, **variables: str) -> AsyncIterator[Network]:
    """Start a server in a network namespace."""
    with namespace() as apart:
        card = apart.card()
        with ServerProcess(data_dir, "--host", card.there, within=apart.within, **variables) as server:
            yield Namespaced(card, server)

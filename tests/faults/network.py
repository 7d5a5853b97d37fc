"""A line that can be bad or cut: between network namespaces where they can be made, and through the fault proxy."""

import contextlib
import itertools
import os
import random
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

from tests.faults.proxy import FaultProxy
from tests.process import ServerProcess

_numbers = itertools.count(os.getpid() % 200)


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

    def __init__(self, name: str, server: ServerProcess) -> None:
        self.server = server
        self.url = server.url
        self._name = name
        can = _succeeds("tc", "qdisc", "add", "dev", name, "root", "netem", "delay", "40ms", "10ms", "loss", "5%")
        self.badness = "40 ms, 5 % lost" if can else "no netem in this kernel"
        self._has_netem = can
        self.heal()

    def spoil(self) -> None:
        if self._has_netem:
            _run("tc", "qdisc", "add", "dev", self._name, "root", "netem", "delay", "40ms", "10ms", "loss", "5%")

    def cut(self) -> None:
        _run("ip", "-n", self._name, "link", "set", "inside", "down")

    def heal(self) -> None:
        _succeeds("tc", "qdisc", "del", "dev", self._name, "root")
        _run("ip", "-n", self._name, "link", "set", "inside", "up")


def _name(number: int) -> str:
    """Return a name for a namespace and for its card, which may have 15 characters."""
    return f"chatd{os.getpid() % 10**6}x{number % 1000}"


def can_make_namespaces() -> bool:
    """Report whether this process may."""
    name = _name(next(_numbers))
    if not _succeeds("ip", "netns", "add", name):
        return False
    try:
        return _succeeds("ip", "link", "add", name, "type", "veth", "peer", "name", "inside", "netns", name)
    finally:
        _run("ip", "netns", "del", name)


@contextlib.asynccontextmanager
async def through_a_proxy(data_dir: Path, **variables: str) -> AsyncIterator[Network]:
    """Start a server behind a proxy."""
    with ServerProcess(data_dir, **variables) as server:
        async with FaultProxy(server.url, random.Random(0)) as proxy:
            yield Proxied(server, proxy)


@contextlib.asynccontextmanager
async def in_a_namespace(data_dir: Path, **variables: str) -> AsyncIterator[Network]:
    """Start a server in a network namespace."""
    with _namespace() as (name, address):
        within = ("ip", "netns", "exec", name)
        with ServerProcess(data_dir, "--host", address, within=within, **variables) as server:
            yield Namespaced(name, server)


@contextlib.contextmanager
def _namespace() -> Iterator[tuple[str, str]]:
    number = next(_numbers)
    name, network = _name(number), f"10.213.{number % 250}"
    _run("ip", "netns", "add", name)
    try:
        _run("ip", "link", "add", name, "type", "veth", "peer", "name", "inside", "netns", name)
        _run("ip", "addr", "add", f"{network}.1/24", "dev", name)
        _run("ip", "link", "set", name, "up")
        _run("ip", "-n", name, "addr", "add", f"{network}.2/24", "dev", "inside")
        _run("ip", "-n", name, "link", "set", "inside", "up")
        yield name, f"{network}.2"
    finally:
        _run("ip", "netns", "del", name)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False

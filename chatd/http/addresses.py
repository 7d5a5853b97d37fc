"""The addresses of a listener: from what the settings say to sockets that listen."""

import asyncio
import contextlib
import errno
import itertools
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chatd import processes
from chatd.errors import ConfigurationError

#: How many connections may wait to be accepted: all clients come back at once after a restart.
BACKLOG = 1024

#: How many times to look for a port that is free at all addresses.
_TRIES = 20

#: Every address of a family.
_ALL = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104

#: The errors of a machine that lacks an address, or a family of addresses.
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@dataclass(frozen=True, slots=True)
class _Place:
    """One address to listen on."""

    #: As the settings have it.
    host: str
    family: socket.AddressFamily
    address: tuple[Any, ...]

    @property
    def is_everything(self) -> bool:
        """Whether it is every address of its family."""
        return bool(self.address[0] == _ALL[self.family])


async def listening(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Return a listening socket for each address of ``hosts``, all with the same port.

    :param hosts: addresses and names of hosts; a name stands for all its addresses that this machine has, and ``::``
        for every address of IPv6 and IPv4.
    :param port: 0 takes one that is free at all of them.
    :raises ConfigurationError: one line that says which cannot be had, and why.
    """
    places = _apart([place for host in hosts for place in await _places(host, port)])
    for tries_left in reversed(range(_TRIES)):
        with contextlib.ExitStack() as opened:
            sockets: list[socket.socket] = []
            try:
                for _, together in itertools.groupby(places, lambda place: place.host):
                    _open(sockets, list(together), port, opened)
            except _Taken:
                if port == 0 and sockets and tries_left:
                    continue
                raise
            opened.pop_all()
            return sockets
    raise AssertionError("the last try ends in a return or an error")


class _Taken(ConfigurationError):
    """Another socket has the port."""


async def _places(host: str, port: int) -> list[_Place]:
    names = ["::", "0.0.0.0"] if host == "::" else [host]  # noqa: S104
    loop = asyncio.get_running_loop()
    try:
        found = [
            each
            for name in names
            for each in await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        ]
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not the name of a host"
        raise ConfigurationError(f"cannot listen on {host} port {port}: {reason}") from error
    return [_Place(host, family, address) for family, _, _, _, address in found if family in _ALL]


def _apart(places: Iterable[_Place]) -> list[_Place]:
    """Leave out duplicates, and what is part of "every address" of its family."""
    by_address = {place.address: place for place in places}
    everything = {place.family for place in by_address.values() if place.is_everything}
    return [place for place in by_address.values() if place.is_everything or place.family not in everything]


def _open(sockets: list[socket.socket], places: list[_Place], port: int, opened: contextlib.ExitStack) -> None:
    """Add sockets that listen at the places of one host: at all of them that the machine has, and at one at least."""
    before = len(sockets)
    for place in places:
        try:
            sock = opened.enter_context(socket.socket(place.family, socket.SOCK_STREAM))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if place.family == socket.AF_INET6:  # so that clients that come by IPv4 have IPv4 addresses
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            host, _, *more = place.address
            sock.bind((host, sockets[0].getsockname()[1] if sockets else port, *more))
            sock.listen(BACKLOG)
        except OSError as error:
            if error.errno in _ABSENT and (len(sockets) > before or place is not places[-1]):
                continue
            kind = _Taken if error.errno == errno.EADDRINUSE else ConfigurationError
            raise kind(f"cannot listen on {place.host} port {port}: {_reason(error, port)}") from error
        sockets.append(sock)


def _reason(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE and port and (pid := processes.who_listens(port)):
        return f"{error.strerror} by {processes.described(pid)}"
    return error.strerror or str(error)


def url(sock: socket.socket, *, tls: bool) -> str:
    """Return the address of a listening socket as a URL, with the port that was taken."""
    host, port = sock.getsockname()[:2]
    if ":" in host:
        host = f"[{host.replace('%', '%25')}]"  # RFC 6874
    return f"{'https' if tls else 'http'}://{host}:{port}"

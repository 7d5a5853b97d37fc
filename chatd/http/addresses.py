"""Listening sockets for the addresses in the settings."""

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

#: How many connections may wait to be accepted: after a restart all clients reconnect at once.
BACKLOG = 1024

#: How many times to try to find a port that is free at all addresses.
_TRIES = 20

#: Every address of a family.
_ALL = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104

#: The errors where the machine does not have an address or its family.
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """One address to listen on."""

    #: As written in the settings.
    host: str
    family: socket.AddressFamily
    address: tuple[Any, ...]

    @property
    def is_everything(self) -> bool:
        """Whether it stands for every address of its family."""
        return bool(self.address[0] == _ALL[self.family])


async def listening(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Return a listening socket for each address of ``hosts``, all with the same port.

    :param hosts: addresses and names of hosts; a name stands for all its addresses that this machine has, and ``::``
        for every address of IPv6 and IPv4.
    :param port: 0 takes one that is free at all of them.
    :raises ConfigurationError: an address cannot be used; the text is one line that says which and why.
    """
    endpoints = _apart([endpoint for host in hosts for endpoint in await _endpoints(host, port)])
    for tries_left in reversed(range(_TRIES)):
        with contextlib.ExitStack() as opened:
            sockets: list[socket.socket] = []
            try:
                for _, together in itertools.groupby(endpoints, lambda endpoint: endpoint.host):
                    _open(sockets, list(together), port, opened)
            except _Taken:
                if port == 0 and sockets and tries_left:
                    continue
                raise
            opened.pop_all()
            return sockets
    raise AssertionError("the last try returns or raises")


class _Taken(ConfigurationError):
    """The port is in use."""


async def _endpoints(host: str, port: int) -> list[_Endpoint]:
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
    return [_Endpoint(host, family, address) for family, _, _, _, address in found if family in _ALL]


def _apart(endpoints: Iterable[_Endpoint]) -> list[_Endpoint]:
    """Leave out duplicates, and addresses covered by "every address" of their family."""
    by_address = {endpoint.address: endpoint for endpoint in endpoints}
    everything = {endpoint.family for endpoint in by_address.values() if endpoint.is_everything}
    return [endpoint for endpoint in by_address.values() if endpoint.is_everything or endpoint.family not in everything]


def _open(sockets: list[socket.socket], endpoints: list[_Endpoint], port: int, opened: contextlib.ExitStack) -> None:
    """Add a listening socket for each address of one host that the machine has; at least one is needed."""
    before = len(sockets)
    for endpoint in endpoints:
        try:
            sock = opened.enter_context(socket.socket(endpoint.family, socket.SOCK_STREAM))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if endpoint.family == socket.AF_INET6:  # so that clients over IPv4 show IPv4 addresses
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            host, _, *more = endpoint.address
            sock.bind((host, sockets[0].getsockname()[1] if sockets else port, *more))
            sock.listen(BACKLOG)
        except OSError as error:
            if error.errno in _ABSENT and (len(sockets) > before or endpoint is not endpoints[-1]):
                continue
            kind = _Taken if error.errno == errno.EADDRINUSE else ConfigurationError
            raise kind(f"cannot listen on {endpoint.host} port {port}: {_reason(error, port)}") from error
        sockets.append(sock)


def _reason(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE and port and (pid := processes.who_listens(port)):
        return f"{error.strerror} by {processes.described(pid)}"
    return error.strerror or str(error)


def url(sock: socket.socket, *, tls: bool) -> str:
    """Return the address of a listening socket as a URL, with its actual port."""
    host, port = sock.getsockname()[:2]
    if ":" in host:
        host = f"[{host.replace('%', '%25')}]"  # RFC 6874
    return f"{'https' if tls else 'http'}://{host}:{port}"

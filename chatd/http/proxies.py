"""The client's address behind trusted proxies."""

import asyncio
import ipaddress
import re
from collections.abc import Iterable, Sequence

from aiohttp import HttpVersion11, web

#: One element of X-Forwarded-For: an address, perhaps with a port; Go writes IPv6 with a zone.
_HOP = re.compile(
    r"(?P<v4>[0-9.]+)(?::[0-9]{1,5})?|(?P<v6>[0-9A-Fa-f:.]+)(?:%[\w.~-]+)?|"
    r"\[(?P<in_brackets>[0-9A-Fa-f:.]+)(?:%[\w.~-]+)?\](?::[0-9]{1,5})?",
    re.ASCII,
)

#: The prefix of an IPv4 address at an IPv6 listener.
_MAPPED = "::ffff:"

#: Prefixes of the headers in which a proxy says whose request it forwards.
_PROXIED = ("forwarded", "x-forwarded-", "x-real-ip", "via", "cf-connecting-ip", "true-client-ip")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The reverse proxies whose ``X-Forwarded-For`` is believed."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(each) for each in trusted)

    def client_address(self, peer: str | None, forwarded_for: Sequence[str]) -> str:
        """Return the address of the client.

        :param peer: the address at the other end of the connection.
        :param forwarded_for: the values of all ``X-Forwarded-For`` headers. They are read from the right, as far as
            trusted proxies wrote them.
        """
        address = peer or "unknown"
        if address.startswith(_MAPPED):
            address = _bare(address) or address
        if not forwarded_for:
            return address
        hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
        while hops and self.trusts(address):
            candidate = _bare(hops.pop())
            if candidate is None:
                break
            address = candidate
        return address

    def trusts(self, address: str) -> bool:
        """Report whether an address is a trusted proxy's."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def _bare(hop: str) -> str | None:
    """Return the address in one element of the header, without port and zone, or None if there is none."""
    match = _HOP.fullmatch(hop)
    if match is None:
        return None
    try:
        parsed = ipaddress.ip_address(match["v4"] or match["v6"] or match["in_brackets"])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or parsed)
    return None if match["in_brackets"] else str(parsed)


def is_loopback(host: str) -> bool:
    """Report whether a host, given by name or address, is this machine's loopback."""
    try:
        return ipaddress.ip_address(_bare(host) or host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_of_this_machine(request: web.BaseRequest) -> bool:
    """Report whether a request comes from a program on this machine, and not through a proxy.

    A proxy names the client in a header, or forwards the name of the host that was asked for. An nginx configured to do
    neither speaks HTTP/1.0.
    """
    if request.transport is None or request.version < HttpVersion11:
        return False
    if any(name.lower().startswith(_PROXIED) for name in request.headers):
        return False
    ours, peer = (_end(request.transport, name) for name in ("sockname", "peername"))
    asked = request.headers.get("Host", "")
    host = _bare(asked) or asked.partition(":")[0]
    return (is_loopback(peer) and is_loopback(host)) or (peer == ours == host)


def _end(transport: asyncio.BaseTransport, name: str) -> str:
    """Return the address at one end of a connection; empty if it is not a network connection."""
    end = transport.get_extra_info(name)
    return (_bare(end[0]) or "") if isinstance(end, tuple) else ""

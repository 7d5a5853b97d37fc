"""Where a request really comes from, behind proxies that are trusted and past those that are not."""

import ipaddress
from collections.abc import Iterable, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The reverse proxies whose ``X-Forwarded-For`` is believed."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(each) for each in trusted)

    def client_address(self, peer: str | None, forwarded_for: Sequence[str]) -> str:
        """Return the address of the client.

        :param peer: who holds the other end of the connection.
        :param forwarded_for: the values of all ``X-Forwarded-For`` headers. They are read from the right, and
            believed for as long as trusted proxies wrote them.
        """
        address = peer or "unknown"
        if not forwarded_for:
            return address
        hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
        while hops and self._is_trusted(address):
            candidate = _bare(hops.pop())
            if candidate is None:
                break
            address = candidate
        return address

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)


def _bare(hop: str) -> str | None:
    """Return the address in one element of the header, which may carry a port; None where there is none."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return str(ipaddress.ip_address(hop))
    except ValueError:
        return None

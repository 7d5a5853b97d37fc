"""Ports of this machine for servers whose address a test has to know before they start, or that come back to it.

The system gives a port of its ephemeral range to whoever asks for port 0, and to every connection that goes out. One of
those may take a port of that range in the moment between looking for it and listening there. So these are below it.
"""

import errno
import os
import random
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

#: The lowest port that is given: those below belong to well-known services.
LOWEST = 10_000

#: How many processes of tests may share the machine's ports.
SHARES = 16


def ephemeral() -> tuple[int, int]:
    """Return the lowest and the highest port that Linux gives by itself (ip(7), ``ip_local_port_range``)."""
    lowest, highest = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return int(lowest), int(highest)


def share(worker: str) -> range:
    """Return the ports of one process.

    :param worker: its name in xdist, such as ``gw3``, or ``main`` where there is one process only.
    """
    number = int(worker.removeprefix("gw")) % SHARES if worker.startswith("gw") else 0
    return range(LOWEST + number, ephemeral()[0], SHARES)


def free_ports(ports: Sequence[int]) -> Iterator[int]:
    """Go through ``ports`` again and again, and yield those that nobody listens on."""
    while True:
        taken = 0
        for port in ports:
            try:
                with socket.create_server(("127.0.0.1", port)):
                    pass
            except OSError:
                taken += 1
            else:
                yield port
        if taken == len(ports):
            raise OSError(errno.EADDRINUSE, "all ports are taken")


def _mine() -> Iterator[int]:
    mine = share(os.environ.get("PYTEST_XDIST_WORKER", "main"))
    start = random.randrange(len(mine))  # another run of the tests may be under way
    return free_ports([*mine[start:], *mine[:start]])


_MINE = _mine()


def free_port() -> int:
    """Return a port that nobody listens on, which neither the system nor another process of the tests gives away.

    It is not given again before all the others.
    """
    return next(_MINE)

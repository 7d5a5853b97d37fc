"""Several machines on one network: network namespaces on a switch, which has one of its own."""

import contextlib
import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.namespaces import Namespace, namespace, run

_CLONE_NEWNET = 0x40000000


class Host:
    """A machine with one address."""

    def __init__(self, namespace: Namespace, switch: Namespace, address: str) -> None:
        """Connect it to the switch."""
        self.address = address
        self.within = namespace.within
        self._name = namespace.name
        self._switch = switch.name
        self._port = f"port{address.rpartition('.')[2]}"
        run(
            "ip",
            "-n",
            switch.name,
            "link",
            "add",
            self._port,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            self._name,
        )
        run("ip", "-n", switch.name, "link", "set", self._port, "master", "switch", "up")
        run("ip", "-n", self._name, "addr", "add", f"{address}/24", "dev", "eth0")
        run("ip", "-n", self._name, "link", "set", "eth0", "up")

    def unplug(self) -> None:
        """Take its cable out."""
        run("ip", "-n", self._switch, "link", "set", self._port, "down")

    def plug_in(self) -> None:
        """Put it in again."""
        run("ip", "-n", self._switch, "link", "set", self._port, "up")

    def socket(self, address: tuple[Any, ...]) -> socket.socket:
        """Return a socket that connects from here.

        :param address: as ``getaddrinfo`` returns it.
        """
        made: list[socket.socket] = []

        def make() -> None:
            """Move this thread, and nothing else, to the namespace; a socket stays where it was made."""
            descriptor = os.open(Path("/run/netns") / self._name, os.O_RDONLY)
            try:
                assert ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) == 0
            finally:
                os.close(descriptor)
            made.append(socket.socket(*address[:3]))

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        (found,) = made
        found.setblocking(False)
        return found


@contextlib.contextmanager
def hosts(*addresses: str) -> Iterator[list[Host]]:
    """Make machines with these addresses; no other machine sees them."""
    with contextlib.ExitStack() as stack:
        switch = stack.enter_context(namespace())
        run("ip", "-n", switch.name, "link", "add", "switch", "type", "bridge")
        run("ip", "-n", switch.name, "link", "set", "switch", "up")
        yield [Host(stack.enter_context(namespace()), switch, address) for address in addresses]

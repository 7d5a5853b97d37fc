"""Telling systemd how the service is, by the protocol of sd_notify(3): a datagram to ``$NOTIFY_SOCKET``."""

import contextlib
import os
import socket


def notify(state: str) -> None:
    """Send ``state`` (``READY=1``, ``STOPPING=1``, ``WATCHDOG=1`` …); nothing where systemd does not listen."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.setblocking(False)
        sock.sendto(state.encode(), address)


def watchdog_interval() -> float | None:
    """Return how often systemd wants to hear ``WATCHDOG=1``, in seconds: half of what it waits; None for never."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    is_number = microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0
    return int(microseconds) / 2_000_000 if is_number else None

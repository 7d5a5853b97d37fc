"""How long a connection waits for its client."""

from dataclasses import dataclass, field

from chatd.delivery.connection import SocketTimeouts

#: What the kernel may hold of unsent data, in bytes. Its default of up to 4 MB would hide a client that never reads.
SEND_BUFFER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a connection waits for its client, in seconds."""

    #: For the whole head of a request, from its first byte.
    head: float = 10.0
    #: Between requests: longer than reverse proxies keep a connection (Caddy two minutes, nginx one), so that none
    #: sends a request into a connection that is being closed.
    keepalive: float = 150.0
    #: For a refused client to stop sending. A connection that is closed while its client sends is reset, and the client
    #: never sees the answer: RFC 9112, section 9.6.
    lingering: float = 2.0
    #: For the client to read some of an answer. The kernel takes more only when a third of :data:`SEND_BUFFER` is free
    #: again, so this asks for less than a kilobyte a second.
    stall: float = 60.0
    #: For requests that are being answered when the server stops. With the time for closing sockets and the last
    #: commit, a stop takes less than ten seconds.
    shutdown: float = 2.5
    #: For WebSockets.
    sockets: SocketTimeouts = field(default_factory=SocketTimeouts)

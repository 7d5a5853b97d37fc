"""What can go wrong. Whatever this library raises by design is a :class:`ChatError`."""

from datetime import datetime
from typing import Any


class ChatError(Exception):
    """Something did not work; ``detail`` is a sentence for a person."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Unreachable(ChatError):
    """The server did not answer a request; asking again may help."""


class Refused(ChatError):
    """The server said no, and asking again in the same way will not help.

    ``code`` is the server's name for the reason and never changes; ``status`` is the HTTP status, None for a command
    on the socket; ``errors`` says what is wrong with each field, where the server says so; ``until``, when what is in
    the way ends by itself, such as one's being silenced in a group. ``repeated`` is whether the
    command had been sent before on a connection that was lost, so that the server may have carried it out.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        errors: dict[str, Any] | None = None,
        until: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.errors = errors or {}
        self.until = None if until is None else datetime.fromisoformat(until)
        self.repeated = False

    @property
    def is_final(self) -> bool:
        """Whether it is the request that is at fault, and not the server or the hour."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in (408, 425, 429)

    def __str__(self) -> str:
        return f"{self.detail} ({self.code})"


class RateLimited(Refused):
    """Too much at once; it may be asked again after ``retry_after`` seconds."""

    def __init__(self, detail: str, retry_after: float, *, status: int | None = None) -> None:
        super().__init__("rate_limited", detail, status=status)
        self.retry_after = retry_after


class Disconnected(ChatError):
    """The client is not connected, because nobody connected it or because it was told to disconnect."""


class NotConfigured(ChatError):
    """Something that the program needs is missing or cannot be used: an address, a token, a password."""


class Stopped(ChatError):
    """The server ended the connection for a reason that coming back does not mend.

    ``close_code`` is the socket's, None where there was none.
    """

    def __init__(self, detail: str, close_code: int | None = None) -> None:
        super().__init__(detail)
        self.close_code = close_code


class TokenMissing(Stopped):
    """No token was given (4001)."""


class SessionEnded(Stopped):
    """The token is invalid or expired, or its session has ended (4002): sign in again."""


class NotAllowed(Stopped):
    """The user does not exist any more, or may not connect (4003)."""


class TooManyConnections(Stopped):
    """The user has opened too many connections, and this was the oldest (4009)."""


class ProtocolError(Stopped):
    """The two sides do not understand each other: not a chatd of this kind, or a bug in one of them."""


#: The close codes after which a client does not come back, and what each means.
FINAL_CODES: dict[int, tuple[type[Stopped], str]] = {
    4001: (TokenMissing, "the server was given no token"),
    4002: (SessionEnded, "the token is invalid or expired, or its session has ended: sign in again"),
    4003: (NotAllowed, "the user does not exist any more, or may not connect"),
    4009: (TooManyConnections, "the user has too many connections, and this was the oldest"),
    1002: (ProtocolError, "a frame of ours is not one that RFC 6455 allows"),
    1003: (ProtocolError, "the server does not understand a frame of ours"),
    1007: (ProtocolError, "the server cannot decode a frame of ours"),
    1009: (ProtocolError, "a frame of ours is too long for the server"),
}


class Lost(Exception):
    """The connection is gone, and coming back is right.

    ``retry_after`` is a wait the server asked for, in seconds; ``flooded``, that it was sent too much; ``misplaced``,
    that what answered looks like no chatd at all.
    """

    def __init__(
        self, why: str, retry_after: float | None = None, *, flooded: bool = False, misplaced: bool = False
    ) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        self.flooded = flooded
        self.misplaced = misplaced

"""What processes say to each other beside commits: it is heard at once or never, and nobody stores it."""

import base64
import contextlib

import psycopg

from chatd.storage.engine.postgresql.connections import PATIENCE, Raw, connect

#: Where it is said. Not under the lock: this orders nothing.
TALK = "chatd_talk"

_SAY = "SELECT pg_notify(%s, %s)"


class Speaker:
    """A connection that says something; it is made when it is first needed, and again where it was lost."""

    def __init__(self, url: str, name: str, *, is_pooled: bool = False) -> None:
        """Create a speaker.

        :param name: of the process that speaks.
        """
        self._url = url
        self._name = name
        self._is_pooled = is_pooled
        self._raw: Raw | None = None

    def say(self, data: bytes) -> None:
        """Say something of at most 5,900 bytes.

        :raises psycopg.Error: it cannot be said.
        """
        if self._raw is None or self._raw.closed:
            self._raw = connect(self._url, patience=PATIENCE, is_pooled=self._is_pooled)
        self._raw.execute(_SAY, (TALK, f"{self._name} {base64.b64encode(data).decode()}"))

    def close(self) -> None:
        """Disconnect."""
        if self._raw is not None:
            with contextlib.suppress(psycopg.Error):
                self._raw.close()


def said(text: str) -> tuple[str, bytes]:
    """Return who says something, and what."""
    name, _, data = text.partition(" ")
    return name, base64.b64decode(data)

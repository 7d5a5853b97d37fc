"""The signing key that all processes share, so that a token of one is good at every other."""

import contextlib
from collections.abc import Callable

import psycopg

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.postgresql.connections import connect_usable
from chatd.storage.engine.postgresql.faults import reason

#: Among the secrets.
NAME = "signing_key"


def signing_key(url: str, make: Callable[[], bytes]) -> bytes:
    """Return the signing key; the first process makes it.

    :raises DatabaseUnusable: it could not be read.
    """
    with contextlib.closing(connect_usable(url)) as raw:
        try:
            raw.execute("INSERT INTO secrets (name, value) VALUES (%s, %s) ON CONFLICT DO NOTHING", (NAME, make()))
            row = raw.execute("SELECT value FROM secrets WHERE name = %s", (NAME,)).fetchone()
        except psycopg.Error as error:
            raise DatabaseUnusable(f"the signing key cannot be read: {reason(error)}") from error
    assert row is not None
    return bytes(row[0])

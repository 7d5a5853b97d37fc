"""Connections to PostgreSQL, all with the same settings, and what cannot be used."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import conninfo
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.postgresql.faults import reason

Raw = psycopg.Connection[Any]

#: IDENTITY, RETURN in functions and all else that the statements use are older; 15 is what is tested.
MINIMUM = 150000

#: What a URL leaves out. A server that does not answer is given up in five seconds, a line that is cut in six.
#: Of several hosts it is the primary that is looked for.
_DEFAULTS = {
    "application_name": "chatd",
    "connect_timeout": "5",
    "keepalives_idle": "3",
    "keepalives_interval": "1",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
    "target_session_attrs": "read-write",
}

#: Compiling takes longer than all that is asked here: 46 ms a commit were measured on PostgreSQL 15. Who stops within a
#: transaction, and holds up every other process, is ended by the server.
_SETTINGS = {
    "jit": "off",
    "idle_in_transaction_session_timeout": "5s",
    "client_min_messages": "warning",
    "standard_conforming_strings": "on",
    "timezone": "UTC",
}

#: A plan for the values at hand: a cached one was made for lists and ranges of another size.
READER_SETTINGS = {**_SETTINGS, "plan_cache_mode": "force_custom_plan"}

#: The writer's statements find rows by keys alone. Plans made while a table is still empty would read all of it.
#: Who waits for the lock of writers for five seconds looks at who holds it.
WRITER_SETTINGS = {**_SETTINGS, "enable_seqscan": "off", "lock_timeout": "5s"}


def connect(url: str, settings: Mapping[str, str] = _SETTINGS) -> Raw:
    """Connect.

    :param url: ``postgresql://…``, as libpq takes it.
    :param settings: of the session.
    :raises psycopg.Error: there is no server, or it lets nobody in.
    """
    given: dict[str, Any] = {**_DEFAULTS, **conninfo.conninfo_to_dict(url)}
    raw = psycopg.connect(**given, autocommit=True, prepare_threshold=2)
    try:
        raw.prepared_max = 512
        raw.adapters.register_dumper(int, Int8Dumper)
        raw.adapters.register_dumper(int, Int8BinaryDumper)
        raw.execute("".join(f"SET {name} = '{value}';" for name, value in settings.items()))
    except BaseException:
        raw.close()
        raise
    return raw


def connect_usable(url: str) -> Raw:
    """Connect to a server that is new enough, for a command or at the start.

    :raises DatabaseUnusable: it cannot be used; one line says why.
    """
    try:
        raw = connect(url)
    except psycopg.Error as error:
        raise DatabaseUnusable(f"PostgreSQL cannot be reached: {reason(error)}") from error
    try:
        _require_usable(raw)
    except BaseException:
        raw.close()
        raise
    return raw


def _require_usable(raw: Raw) -> None:
    row = raw.execute("SELECT version(), current_setting('server_encoding')").fetchone()
    version, encoding = row or ("", "")
    if "CockroachDB" in version:
        raise DatabaseUnusable(
            "this is CockroachDB, which has neither LISTEN nor advisory locks: chatd needs PostgreSQL"
        )
    if raw.info.server_version < MINIMUM:
        found = raw.info.parameter_status("server_version")
        raise DatabaseUnusable(f"chatd needs PostgreSQL {MINIMUM // 10000} or newer, this is {found}")
    if encoding != "UTF8":
        raise DatabaseUnusable(f"the database's encoding is {encoding}: create one with ENCODING 'UTF8'")

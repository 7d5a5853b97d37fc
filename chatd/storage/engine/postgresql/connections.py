"""Connections to PostgreSQL, all with the same settings, and what cannot be used."""

import time
from collections.abc import Generator, Mapping
from typing import Any, TypeVar

import psycopg
from psycopg import conninfo
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.postgresql.faults import reason

Raw = psycopg.Connection[Any]

T = TypeVar("T")

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

#: How long a server may take to answer, in seconds, before the connection counts as lost. A server that is well answers
#: sooner: who waits for the lock of writers is told so after five seconds. One that is suspended never does, while its
#: kernel confirms what arrives, so that no time limit of TCP counts.
PATIENCE = 8.0

#: Compiling takes longer than all that is asked here: 46 ms a commit were measured on PostgreSQL 15. Who stops within a
#: transaction, and holds up every other process, is ended by the server.
_SETTINGS = {
    "jit": "off",
    "idle_in_transaction_session_timeout": "5s",
    "client_min_messages": "warning",
    "standard_conforming_strings": "on",
    "timezone": "UTC",
}

#: Whether a server takes writes: it may have become a standby, or be closing, without a connection being lost.
TAKES_WRITES = "current_setting('default_transaction_read_only') = 'off' AND NOT pg_is_in_recovery()"

#: A plan for the values at hand: a cached one was made for lists and ranges of another size.
READER_SETTINGS = {**_SETTINGS, "plan_cache_mode": "force_custom_plan"}

#: The writer's statements find rows by keys alone. Plans made while a table is still empty would read all of it.
#: Who waits for the lock of writers for five seconds looks at who holds it.
WRITER_SETTINGS = {**_SETTINGS, "enable_seqscan": "off", "lock_timeout": "5s"}


class Unanswered(psycopg.OperationalError):
    """The server does not answer."""


class _Impatient(psycopg.Connection[Any]):
    """A connection that is closed where the server takes too long to answer."""

    #: In seconds; None waits for as long as it takes.
    patience: float | None = None

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """Wait for an answer.

        :raises Unanswered: there is none.
        """
        if self.patience is None:
            return super().wait(gen, *args, **kwargs)
        try:
            return super().wait(_limited(gen, self.patience), *args, **kwargs)
        except Unanswered:
            self.pgconn.finish()
            raise


def _limited(gen: Generator[Any, Any, T], patience: float) -> Generator[Any, Any, T]:
    """Pass on what waits for a socket, and give it up when nothing has come for too long."""
    try:
        waits_for = next(gen)
        heard_at = time.monotonic()
        while True:
            ready = yield waits_for
            if ready:
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > patience:
                raise Unanswered(f"no answer in {patience:g} s")
            waits_for = gen.send(ready)
    except StopIteration as end:
        value: T = end.value
        return value


def connect(
    url: str, settings: Mapping[str, str] = _SETTINGS, *, patience: float | None = None, is_pooled: bool = False
) -> Raw:
    """Connect.

    :param url: ``postgresql://…``, as libpq takes it.
    :param settings: of the session.
    :param patience: how long the server may take to answer, in seconds; None is as long as it takes.
    :param is_pooled: whether a pooler may give each transaction to another session: nothing is kept in one then, no
        statement and no setting, and ``settings`` are for :func:`local_settings`.
    :raises psycopg.Error: there is no server, or it lets nobody in.
    """
    raw = _opened(url)
    raw.patience = patience
    try:
        if is_pooled:
            raw.prepare_threshold = None
        else:
            _set(raw, settings)
    except BaseException:
        raw.close()
        raise
    return raw


def local_settings(settings: Mapping[str, str]) -> str:
    """Return the statement that makes settings those of a transaction."""
    return "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())


def connect_usable(url: str) -> Raw:
    """Connect to a server that is new enough, for a command or at the start.

    :raises DatabaseUnusable: it cannot be used; one line says why.
    """
    try:
        raw = _opened(url)
    except psycopg.errors.ConnectionTimeout as error:
        raise DatabaseUnusable(
            f"PostgreSQL cannot be reached: no answer within {_parameters(url)['connect_timeout']} s (connect_timeout)"
        ) from error
    except psycopg.Error as error:
        raise DatabaseUnusable(f"PostgreSQL cannot be reached: {reason(error)}") from error
    try:
        _require_usable(raw)
        _set(raw, _SETTINGS)  # after it is known that it is one which has them
    except psycopg.Error as error:
        raw.close()
        raise DatabaseUnusable(f"PostgreSQL cannot be used: {reason(error)}") from error
    except BaseException:
        raw.close()
        raise
    return raw


def _parameters(url: str) -> dict[str, Any]:
    return {**_DEFAULTS, **conninfo.conninfo_to_dict(url)}


def _opened(url: str) -> _Impatient:
    raw = _Impatient.connect(**_parameters(url), autocommit=True, prepare_threshold=2)
    raw.prepared_max = 512
    raw.adapters.register_dumper(int, Int8Dumper)
    raw.adapters.register_dumper(int, Int8BinaryDumper)
    return raw


def _set(raw: Raw, settings: Mapping[str, str]) -> None:
    raw.execute("".join(f"SET {name} = '{value}';" for name, value in settings.items()))


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

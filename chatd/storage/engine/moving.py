"""Moving a community from one engine to the other, with everything by which clients know it."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.copying import Source, Table, Total, require_same
from chatd.storage.engine.pieces import Copier
from chatd.storage.engine.postgresql import copying as postgresql
from chatd.storage.engine.postgresql import migrate as postgresql_migrations
from chatd.storage.engine.sqlite import copying as sqlite
from chatd.storage.engine.sqlite import migrate as sqlite_migrations

#: How many rows may be left when the server is to be stopped: these take a second.
LITTLE = 20_000

#: How often to look whether the server has stopped, in seconds.
LOOK_INTERVAL = 0.1

#: How long at least between two readings of everything while the server is waited for, in seconds.
PAUSE = 5.0

#: How many times as long as a reading took that is: the server needs the processor.
PAUSE_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Live:
    """A source that is copied while servers use it, until they have been stopped."""

    #: Tells the operator something, in a line.
    say: Callable[[str], None]
    #: Takes the source for this process alone, and returns True; False while a server uses it.
    take: Callable[[], bool] = lambda: True


def to_postgresql(path: Path, url: str, key: bytes | None, live: Live | None = None) -> dict[str, Total]:
    """Copy a community from a file of SQLite, which stays as it is, to PostgreSQL, and return the total of each table.

    :param path: the file, which no server uses, unless ``live`` says so.
    :param url: a database of PostgreSQL with no community in it; its tables are made if there are none.
    :param key: the signing key that its processes will share; None where each brings its own.
    :param live: how to wait until the server of the file is stopped; None where none runs.
    :raises DatabaseUnusable: one of the two cannot be used for this. Nothing was copied.
    """
    _require_version(sqlite_migrations.current_version(path), str(path))
    if version := postgresql_migrations.current_version(url):
        _require_version(version, "that PostgreSQL")
    postgresql_migrations.migrate(url)
    with postgresql.target(url) as target:
        tables = target.tables()
        target.require_empty(tables)
        copier = Copier(target, tables)
        if live is not None:
            with sqlite.live(path) as running:
                require_same(tables, running.columns())
                _follow(copier, running, live)
        with sqlite.source(path) as source:
            _require_version(sqlite_migrations.current_version(path), str(path))
            require_same(tables, source.columns())
            totals = copier.finish(source)
        if key is not None:
            target.set_signing_key(key)
    return totals


def to_sqlite(
    url: str, path: Path, keep_key: Callable[[bytes | None], None], live: Live | None = None
) -> dict[str, Total]:
    """Copy a community from PostgreSQL, which stays as it is, to a file of SQLite, and return the total of each table.

    :param url: a database of PostgreSQL, which no server uses, unless ``live`` says so.
    :param path: the file, which is not there yet.
    :param keep_key: called with the signing key that its processes shared, before the file has its name.
    :param live: how to wait until all processes are stopped; None where none runs.
    :raises DatabaseUnusable: one of the two cannot be used for this. There is no file.
    """
    _require_version(postgresql_migrations.current_version(url), "the PostgreSQL")
    with contextlib.ExitStack() as held:  # until the file has its name
        source = None if live else held.enter_context(postgresql.source(url))

        def finish() -> None:
            assert source is not None
            keep_key(source.signing_key())
            source.require_held()

        with sqlite.target(path, finish) as target:
            copier = Copier(target, _tables(source, target)) if source else None
            while source is None:
                assert live is not None
                with postgresql.live(url) as running:
                    copier = copier or Copier(target, _tables(running, target))
                    _follow(copier, running, Live(live.say, lambda: not running.is_used()))
                with contextlib.suppress(postgresql.InUse):  # one was started again at this moment
                    source = held.enter_context(postgresql.source(url))
            assert copier is not None
            _require_version(postgresql_migrations.current_version(url), "the PostgreSQL")
            _tables(source, target)
            return copier.finish(source)


def _tables(source: postgresql.Side, target: sqlite.Side) -> list[Table]:
    tables = source.tables()
    require_same(tables, target.columns())
    return tables


def _follow(copier: Copier, source: Source, live: Live) -> None:
    """Copy all that changes until servers have been stopped, and the source is taken."""
    live.say("everything is copied; the server may run")
    copied = copier.catch_up(source)
    live.say(f"{copied} rows are copied; what has changed meanwhile follows")
    left = copied
    while left > LITTLE:
        before, left = left, copier.catch_up(source)
        if left > before // 2:
            break  # so much is written all the time
    live.say("stop the server now, all of its processes: what is left takes seconds")
    looked_at = 0.0
    is_taken = False

    def take() -> bool:
        nonlocal looked_at, is_taken
        if not is_taken and time.monotonic() - looked_at >= LOOK_INTERVAL:
            is_taken = live.take()
            looked_at = time.monotonic()
        return is_taken

    while not take():
        began = time.monotonic()
        copier.catch_up(source, take)
        next_at = time.monotonic() + max(PAUSE, PAUSE_FACTOR * (time.monotonic() - began))
        while not take() and time.monotonic() < next_at:
            time.sleep(LOOK_INTERVAL)
    live.say("the server has stopped: the rest is copied")


def _require_version(version: int, name: str) -> None:
    newest = sqlite_migrations.newest_version()
    if not version:
        raise DatabaseUnusable(f"there is no community in {name}")
    if version < newest:
        raise DatabaseUnusable(f"{name} has version {version} and this chatd makes {newest}: start chatd on it once")
    if version > newest:
        raise DatabaseUnusable(f"{name} has version {version} and this chatd makes {newest}: install a newer chatd")

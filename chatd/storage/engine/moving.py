"""Moving a community from one engine to the other, with everything by which clients know it."""

from collections.abc import Callable
from pathlib import Path

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.copying import Total, copy, require_same
from chatd.storage.engine.postgresql import copying as postgresql
from chatd.storage.engine.postgresql import migrate as postgresql_migrations
from chatd.storage.engine.sqlite import copying as sqlite
from chatd.storage.engine.sqlite import migrate as sqlite_migrations


def to_postgresql(path: Path, url: str, key: bytes | None) -> dict[str, Total]:
    """Copy a community from a file of SQLite, which stays as it is, to PostgreSQL, and return the total of each table.

    :param path: the file, which no server uses.
    :param url: a database of PostgreSQL with no community in it; its tables are made if there are none.
    :param key: the signing key that its processes will share; None where each brings its own.
    :raises DatabaseUnusable: one of the two cannot be used for this. Nothing was copied.
    """
    _require_version(sqlite_migrations.current_version(path), str(path))
    if version := postgresql_migrations.current_version(url):
        _require_version(version, "that PostgreSQL")
    postgresql_migrations.migrate(url)
    with sqlite.source(path) as source, postgresql.target(url) as target:
        tables = target.tables()
        require_same(tables, source.columns())
        target.require_empty(tables)
        totals = copy(source, target, tables)
        if key is not None:
            target.set_signing_key(key)
    return totals


def to_sqlite(url: str, path: Path, keep_key: Callable[[bytes | None], None]) -> dict[str, Total]:
    """Copy a community from PostgreSQL, which stays as it is, to a file of SQLite, and return the total of each table.

    :param url: a database of PostgreSQL, which no server uses.
    :param path: the file, which is not there yet.
    :param keep_key: called with the signing key that its processes shared, before the file has its name.
    :raises DatabaseUnusable: one of the two cannot be used for this. There is no file.
    """
    _require_version(postgresql_migrations.current_version(url), "the PostgreSQL")
    with postgresql.source(url) as source:
        key = source.signing_key()

        def finish() -> None:
            keep_key(key)
            source.require_held()

        with sqlite.target(path, finish) as target:
            tables = source.tables()
            require_same(tables, target.columns())
            return copy(source, target, tables)


def _require_version(version: int, name: str) -> None:
    newest = sqlite_migrations.newest_version()
    if not version:
        raise DatabaseUnusable(f"there is no community in {name}")
    if version < newest:
        raise DatabaseUnusable(f"{name} has version {version} and this chatd makes {newest}: start chatd on it once")
    if version > newest:
        raise DatabaseUnusable(f"{name} has version {version} and this chatd makes {newest}: install a newer chatd")

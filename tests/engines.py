"""Which engine a test runs on: SQLite, and where a directory's tests are for both, PostgreSQL as well.

What looks into SQLite's own files is marked ``sqlite``. The quick tests leave PostgreSQL out; ``pytest --all``, and a
run of named files, have both, and ``pytest -m postgresql`` has it alone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chatd.storage.engine import Engine
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.stores import Store, migrate

if TYPE_CHECKING:
    from tests.databases import Databases
    from tests.postgresql import Cluster

#: The directories whose tests are for both engines.
BOTH = ("api", "client", "consumers", "services", "storage", "ws", "faults/test_stateful.py")

_NAMES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


class Stores:
    """Where the servers of a test store everything: one place for each data directory."""

    def __init__(self, databases: "Databases | None") -> None:
        """Create the places of a test.

        :param databases: of a PostgreSQL; None is SQLite.
        """
        self._databases = databases
        self._urls: dict[Path, str] = {}

    @property
    def on_postgresql(self) -> bool:
        """Whether they are databases of a PostgreSQL."""
        return self._databases is not None

    def settings(self, data_dir: Path) -> dict[str, str]:
        """Return the section ``[database]`` of a server."""
        return {} if self._databases is None else {"url": self._url(data_dir)}

    def at(self, data_dir: Path) -> Store:
        """Return a store whose tables are there."""
        if self._databases is not None:
            return self._url(data_dir)
        data_dir.mkdir(exist_ok=True)
        migrate(data_dir / "chatd.db")
        return data_dir / "chatd.db"

    def drop(self) -> None:
        """Remove them."""
        for url in self._urls.values():
            assert self._databases is not None
            self._databases.take_back(url)

    def _url(self, data_dir: Path) -> str:
        assert self._databases is not None
        if data_dir not in self._urls:
            self._urls[data_dir] = self._databases.lend()
        return self._urls[data_dir]


def open_engine(store: Store, **options: Any) -> Engine:
    """Return the engine of a store.

    :param options: of SQLite's engine; PostgreSQL's has its defaults.
    """
    if isinstance(store, Path):
        return Sqlite(store, **options)
    from chatd.storage.engine.postgresql.engine import PostgreSql

    return PostgreSql(store)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark."""
    config.addinivalue_line("markers", "sqlite: looks at what only SQLite has")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of both engines on each of them."""
    home = metafunc.config.rootpath / "tests"
    is_both = any(metafunc.definition.path.is_relative_to(home / name) for name in BOTH)
    if "engine" in metafunc.fixturenames and is_both and not metafunc.definition.get_closest_marker("sqlite"):
        metafunc.parametrize("engine", _NAMES, indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="session")
def cluster() -> Iterator["Cluster"]:
    """The PostgreSQL of this process's tests, which forgets what it was told to sync."""
    from tests.postgresql import Cluster

    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def databases(cluster: "Cluster") -> "Databases":
    """Databases of that PostgreSQL, which are lent and taken back."""
    from tests.databases import Databases

    return Databases(cluster)


@pytest.fixture
def stores(engine: str, request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Where the servers of this test store everything."""
    stores = Stores(request.getfixturevalue("databases") if engine == "postgresql" else None)
    yield stores
    stores.drop()


@pytest.fixture
def store(stores: Stores, tmp_path: Path) -> Store:
    """A database with nothing in it."""
    return stores.at(tmp_path)

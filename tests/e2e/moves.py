"""``chatd move`` as tests run it, and what there is before and after."""

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from chatd.storage.engine.sqlite.migrate import migrate
from tests.process import ServerProcess, client_of, environment
from tests.processes import CHATD
from tests.support import Person

#: A command that waits, and the connection that holds it up.
Held = tuple["subprocess.Popen[bytes]", "psycopg.Connection[tuple[object, ...]]"]


@contextlib.asynccontextmanager
async def serving(data_dir: Path, *people: Person, url: str = "") -> AsyncIterator[ServerProcess]:
    """Serve, on whichever engine, and let people talk to this server."""
    with ServerProcess(data_dir, CHATD_DATABASE_URL=url) as server:
        async with client_of(server) as client:
            for person in people:
                person.client = client
            yield server
        assert server.stop() == 0


def move(data_dir: Path, to: str, url: str = "") -> str:
    """Move a community, however long that takes, and return what is said."""
    command = [sys.executable, *CHATD, "move", "--to", to, "--data-dir", str(data_dir)]
    variables = environment(data_dir, CHATD_DATABASE_URL=url)
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


class LiveMove:
    """``chatd move --live`` as a process that says how far it is."""

    def __init__(self, data_dir: Path, to: str, url: str = "") -> None:
        """Create a move that ``async with`` runs, and ends.

        :param url: where everything is now; empty for the data directory.
        """
        self._arguments = [*CHATD, "move", "--live", "--to", to, "--data-dir", str(data_dir)]
        self._variables = environment(data_dir, CHATD_DATABASE_URL=url)

    async def __aenter__(self) -> Self:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, *self._arguments, env=self._variables, stdout=subprocess.PIPE
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def says(self, text: str) -> None:
        """Wait until it says something, however long that takes."""
        assert self.process.stdout is not None
        while text not in (line := await self.process.stdout.readline()).decode():
            assert line, text

    async def is_done(self) -> str:
        """Wait until it has ended well, and return what it said since."""
        said, _ = await self.process.communicate()
        assert self.process.returncode == 0
        return said.decode()

    async def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        await self.process.wait()


def fill(database: Path, count: int) -> None:
    """Make a database in which two others have said much."""
    migrate(database)
    with closing(sqlite3.connect(database)) as db:
        db.executescript(
            f"""
            INSERT INTO users (username, username_key, nickname, search_key, created_at)
            VALUES ('xaver', 'xaver', 'X', 'xaver', 1), ('yvonne', 'yvonne', 'Y', 'yvonne', 1);
            INSERT INTO conversations (kind, low_user_id, high_user_id, created_at, message_count, last_message_id,
                last_kept_id) VALUES ('private', 1, 2, 1, {count}, {count}, {count});
            INSERT INTO memberships (conversation_id, user_id, sent_count) VALUES (1, 1, {count}), (1, 2, 0);
            WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {count})
            INSERT INTO messages (id, conversation_id, sender_id, content, client_id, created_at)
            SELECT id, 1, 1, 'some words of a usual length, and a number: ' || id, 'client-' || id, id FROM n
            """
        )


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what is in a file."""
    with closing(sqlite3.connect(database)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}


def number_of(url: str, table: str) -> int:
    """Return how many rows a table has in PostgreSQL."""
    with closing(psycopg.connect(url)) as db:
        (found,) = db.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    return int(found)


@contextlib.contextmanager
def held_up(data_dir: Path, url: str, mode: str, *arguments: str, **variables: str) -> Iterator[Held]:
    """Run a command, which waits for the table of reports for as long as this lasts.

    :param mode: how the table is locked.
    """
    with closing(psycopg.connect(url)) as db:
        db.execute(f"LOCK TABLE reports IN {mode} MODE")
        command = [sys.executable, *CHATD, *arguments, "--data-dir", str(data_dir)]
        process = subprocess.Popen(command, env=environment(data_dir, **variables), stdout=subprocess.DEVNULL)
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = CAST('reports' AS REGCLASS)"
        while db.execute(waits).fetchone() == (0,):
            assert process.poll() is None
        yield process, db

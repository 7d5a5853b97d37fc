"""A server that can be ended and started again, and what is in its database."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatd.client import Event, MessageDeleted, MessageEdited, NewMessage, Reaction, Read
from tests.process import ServerProcess, chatd
from tests.support import LOG

#: A row of the log as a test compares it: ``seq``, kind, and what it says.
Entry = tuple[Any, ...]


def entry_of(event: Event, seq: int) -> Entry:
    """Return an event as the log would say it."""
    match event:
        case NewMessage(message=message):
            return seq, "message", message.sender_id, message.id, message.content
        case Read():
            return seq, "read", event.reader_id, event.up_to
        case Reaction():
            return seq, "reaction", event.user_id, event.message_id, event.emoji, event.on
        case MessageEdited(message=message):
            return seq, "edit", message.sender_id, message.id
        case MessageDeleted():
            return seq, "delete", event.sender_id, event.message_id
    return seq, event.type


class Disk:
    """What is in the database."""

    def __init__(self, data_dir: Path) -> None:
        self._uri = f"file:{data_dir / 'chatd.db'}?mode=ro"

    def last_seqs(self) -> dict[int, int]:
        """Return the newest ``seq`` that each user may see."""
        query = f"""
            SELECT m.user_id, max(l.seq) FROM memberships AS m
            JOIN {LOG} AS l ON l.conversation_id = m.conversation_id
            GROUP BY m.user_id
        """
        return dict(self._rows(query))

    def log_of(self, user_id: int) -> list[Entry]:
        """Return what the log has for a user, in order."""
        query = f"""
            SELECT l.seq, l.kind, l.user_id, l.message_id, m.content, l.data ->> 'emoji', l.data ->> 'on'
            FROM {LOG} AS l
            JOIN conversations AS c ON c.id = l.conversation_id
            JOIN messages AS m ON m.id = l.message_id
            WHERE ? IN (c.low_user_id, c.high_user_id)
            ORDER BY l.seq
        """
        entries: list[Entry] = []
        for *entry, content, emoji, on in self._rows(query, user_id):
            more = {"message": (content,), "reaction": (emoji, bool(on))}.get(entry[1], ())
            entries.append((*entry, *more))
        return entries

    def contents_of(self, user_id: int) -> dict[int, str]:
        """Return what the messages a user may see say, by their ids."""
        query = """
            SELECT m.id, m.content FROM messages AS m
            JOIN conversations AS c ON c.id = m.conversation_id
            WHERE ? IN (c.low_user_id, c.high_user_id)
        """
        return dict(self._rows(query, user_id))

    def epoch(self) -> str:
        """Return the name of the log."""
        ((epoch,),) = self._rows("SELECT epoch FROM change_log_state")
        return str(epoch)

    def messages(self) -> list[tuple[str, int, str]]:
        """Return the ``client_id``, the id and the content of every message."""
        return self._rows("SELECT client_id, id, content FROM messages")

    def _rows(self, query: str, *parameters: Any) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self._uri, uri=True)) as db:
            return db.execute(query, parameters).fetchall()


@contextlib.contextmanager
def keeping_alive(data_dir: Path) -> Iterator["Keeper"]:
    """Run a server that can be ended and started again; at the end it is gone."""
    keeper = Keeper(data_dir)
    keeper.start()
    try:
        yield keeper
    finally:
        keeper.server.kill()


class Keeper:
    """Starts a server again and again on the same data."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._ended: list[ServerProcess] = []
        self.server = ServerProcess(data_dir)

    @property
    def errors(self) -> list[Any]:
        """What the servers have logged as an error."""
        entries = (entry for server in [*self._ended, self.server] for entry in server.entries)
        return [entry for entry in entries if entry["level"] not in ("info", "warning")]

    def start(self) -> None:
        """Start a server."""
        self.server = ServerProcess(self._data_dir, CHATD_SERVER_HEARTBEAT_SECONDS="1")
        self.server.start()

    async def restart(self, *, gently: bool) -> None:
        """End the server, by ``kill -9`` if not ``gently``, and start another one."""
        self._ended.append(self.server)
        await asyncio.to_thread(self.server.stop if gently else self.server.kill)
        await asyncio.to_thread(self.start)


def add_bots(data_dir: Path, count: int) -> dict[int, str]:
    """Make accounts, and return their tokens by id."""
    added = chatd(data_dir, "user", "add", "--bot", *(f"bot{number}" for number in range(count)))
    return {int(line.split()[0]): line.split()[2] for line in added.stdout.splitlines()}

"""A server that can be ended and started again, and what is in its database."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chatd.client import Event, Membership, MessageDeleted, MessageEdited, NewMessage, Reaction, Read
from tests.process import ServerProcess, chatd
from tests.support import LOG

#: A row of the log as a test compares it: ``seq``, kind, and what it says.
Entry = tuple[Any, ...]


def entry_of(event: Event, seq: int) -> Entry:
    """Return an event as the log would say it."""
    match event:
        case NewMessage(message=message):
            return seq, "message", message.sender_id, message.id, message.content, message.group_id
        case Read():
            return seq, "read", event.reader_id, event.up_to
        case Reaction():
            return seq, "reaction", event.user_id, event.message_id, event.emoji, event.on
        case MessageEdited(message=message):
            return seq, "edit", message.sender_id, message.id
        case MessageDeleted():
            return seq, "delete", event.sender_id, event.message_id
        case Membership():
            return seq, "membership", event.user_id, event.group_id, event.role, event.how
    return seq, event.type


#: Whom each row of the log is for, the ``viewer``: a group's from each joining to the leaving after it.
_TOLD = f"""
    SELECT stay.user_id AS viewer, l.seq, l.kind, l.user_id, l.message_id, l.data,
        CASE c.kind WHEN 'group' THEN c.id END AS group_id
    FROM memberships AS stay
    JOIN conversations AS c ON c.id = stay.conversation_id
    JOIN {LOG} AS l ON l.conversation_id = c.id
    WHERE c.kind <> 'group' OR (
        l.seq BETWEEN stay.joined_seq AND coalesce(stay.left_seq, l.seq)
        AND (l.message_id IS NULL OR l.message_id >= stay.visible_from)
        AND (stay.role <> 'member' OR l.seq NOT IN (SELECT seq FROM change_log WHERE admins_only = 1))
    )
    UNION ALL
    SELECT only_for, seq, kind, only_for, message_id, data, NULL FROM change_log WHERE only_for IS NOT NULL
"""


class Disk:
    """What is in the database."""

    def __init__(self, data_dir: Path) -> None:
        self._uri = f"file:{data_dir / 'chatd.db'}?mode=ro"

    def last_seqs(self) -> dict[int, int]:
        """Return the newest ``seq`` that each user may see."""
        return dict(self._rows(f"SELECT viewer, max(seq) FROM ({_TOLD}) GROUP BY viewer"))

    def log_of(self, user_id: int) -> list[Entry]:
        """Return what the log has for a user, in order."""
        query = f"""
            SELECT seq, kind, told.user_id, message_id, m.content, data, group_id
            FROM ({_TOLD}) AS told
            LEFT JOIN messages AS m ON m.id = message_id
            WHERE viewer = :user
            ORDER BY seq
        """
        entries: list[Entry] = []
        for seq, kind, who, message_id, content, data, group_id in self._rows(query, {"user": user_id}):
            said = json.loads(data) if data else {}
            more: dict[str, Entry] = {
                "read": (message_id,),
                "edit": (message_id,),
                "delete": (message_id,),
                "message": (message_id, content, group_id),
                "reaction": (message_id, said.get("emoji"), bool(said.get("on"))),
                "membership": (group_id, said.get("role"), said.get("how")),
            }
            entries.append((seq, kind, who, *more[kind]) if kind in more else (seq, kind))
        return entries

    def contents_of(self, user_id: int) -> dict[int, str]:
        """Return what the messages a user may see say, by their ids."""
        query = """
            SELECT m.id, m.content FROM messages AS m
            JOIN conversations AS c ON c.id = m.conversation_id
            WHERE :user IN (c.low_user_id, c.high_user_id)
        """
        return dict(self._rows(query, {"user": user_id}))

    def epoch(self) -> str:
        """Return the name of the log."""
        ((epoch,),) = self._rows("SELECT epoch FROM change_log_state")
        return str(epoch)

    def messages(self) -> list[tuple[str, int, str]]:
        """Return the ``client_id``, the id and the content of every message."""
        return self._rows("SELECT client_id, id, content FROM messages")

    def _rows(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self._uri, uri=True)) as db:
            return db.execute(query, parameters or {}).fetchall()


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

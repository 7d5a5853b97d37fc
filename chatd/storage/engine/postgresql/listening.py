"""What is heard of commits: announcements, and the highest number, which is asked for all the while.

An announcement may be lost, and a connection may be dead without a sign of it. So nothing depends on them: whoever
listens learns the highest number four times a second, and reads the table where one is missing.
"""

import asyncio
import base64
import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from chatd.storage.engine import Hint
from chatd.storage.engine.postgresql.connections import PATIENCE, TAKES_WRITES, Raw, connect
from chatd.storage.engine.postgresql.faults import reason
from chatd.storage.engine.postgresql.lock import LOCK
from chatd.storage.engine.postgresql.speaking import TALK, said
from chatd.storage.engine.postgresql.writer import CHANNEL

log = logging.getLogger(__name__)

#: How often the highest number is asked for, in seconds.
ASK_INTERVAL = 0.25

#: How long after a lost connection to wait for the next attempt, in seconds.
RETRY_INTERVAL = 0.25

_HIGHEST = f"SELECT number, writer, {TAKES_WRITES} FROM commits ORDER BY number DESC LIMIT 1"

#: Held by the process that leads, for as long as its connection lives.
_LEAD = f"SELECT pg_try_advisory_lock({LOCK + 2})"


class Listener:
    """A thread that listens."""

    def __init__(self, url: str) -> None:
        """Create a listener that :meth:`start` starts.

        :param url: of the server itself: a pooler that gives out connections by transactions passes nothing on.
        """
        self._url = url
        self._heard: list[Callable[[Sequence[Hint]], None]] = []
        self._lost: list[Callable[[], None]] = []
        self._said: list[Callable[[str, bytes], None]] = []
        self._stopping = threading.Event()
        #: The other end of what a running thread waits for beside PostgreSQL.
        self._waking: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        #: How many times it has begun to listen.
        self.connections = 0
        #: Whether this process does what one does for all of them.
        self.is_leading = False
        self._thread: threading.Thread | None = None

    def hear(self, heard: Callable[[Sequence[Hint]], None], lost: Callable[[], None] = lambda: None) -> None:
        """Call ``heard`` on the event loop with what is heard, and ``lost`` when the connection was lost."""
        self._heard.append(heard)
        self._lost.append(lost)

    def hear_talk(self, said: Callable[[str, bytes], None]) -> None:
        """Call ``said`` on the event loop with the name of who says something, and what."""
        self._said.append(said)

    def probe(self) -> None:
        """Find out whether an announcement arrives here.

        :raises psycopg.OperationalError: none does.
        """
        with contextlib.closing(self._listening()) as raw, contextlib.closing(connect(self._url)) as other:
            other.execute("SELECT pg_notify(%s, '')", (CHANNEL,))  # to a session that does nothing, as most of the time
            if not any(True for _ in raw.notifies(timeout=5, stop_after=1)):
                raise psycopg.OperationalError(
                    "no NOTIFY arrives: name the server itself by [database] listen_url, if there is a pooler before it"
                )

    def start(self) -> None:
        """Listen until :meth:`stop`."""
        self._loop = asyncio.get_running_loop()
        wake, self._waking = socket.socketpair()
        self._thread = threading.Thread(target=self._run, args=(wake,), name="postgresql-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait for that."""
        self._stopping.set()
        if self._waking is not None:
            self._waking.close()
        if self._thread is not None:
            self._thread.join()

    def _listening(self) -> Raw:
        raw = connect(self._url, {"idle_in_transaction_session_timeout": "5s"}, patience=PATIENCE)
        try:
            raw.execute(f"LISTEN {CHANNEL}")
            raw.execute(f"LISTEN {TALK}")
        except BaseException:
            raw.close()
            raise
        return raw

    def _run(self, wake: socket.socket) -> None:
        with wake:
            self._keep_listening(wake)

    def _keep_listening(self, wake: socket.socket) -> None:
        was_lost = False
        while not self._stopping.is_set():
            try:
                with contextlib.closing(self._listening()) as raw:
                    self.connections += 1
                    if was_lost:
                        log.info("listening to PostgreSQL again", extra={"event": "listening_again"})
                    was_lost = False
                    self._listen(raw, wake)
            except psycopg.Error as error:
                self.is_leading = False
                if not was_lost:
                    log.warning("PostgreSQL is lost: %s", reason(error), extra={"event": "listening_lost"})
                    self._call(self._tell_lost)
                was_lost = True
                self._stopping.wait(RETRY_INTERVAL)

    def _listen(self, raw: Raw, wake: socket.socket) -> None:
        asked_at = 0.0
        poll = select.poll()
        poll.register(raw.fileno(), select.POLLIN)
        poll.register(wake, select.POLLIN)
        while not self._stopping.is_set():
            if time.monotonic() - asked_at >= ASK_INTERVAL:
                asked_at = time.monotonic()
                self._ask(raw)
            # Not a statement within this loop: https://www.psycopg.org/psycopg3/docs/advanced/async.html#notifications
            notes = list(raw.notifies(timeout=0))
            if not notes:
                poll.poll(max(asked_at + ASK_INTERVAL - time.monotonic(), 0) * 1000)
                continue
            hints = [_hint(note.payload) for note in notes if note.channel == CHANNEL]
            self._pass_on([hint for hint in hints if hint is not None])
            if talk := [note.payload for note in notes if note.channel == TALK]:
                self._call(self._tell_talk, talk)

    def _ask(self, raw: Raw) -> None:
        if not self.is_leading:
            self.is_leading = bool(raw.execute(_LEAD).fetchone() == (True,))
        row = raw.execute(_HIGHEST).fetchone()
        if row is not None:
            if not row[2]:
                raise psycopg.errors.ReadOnlySqlTransaction("the server takes no writes any more")
            self._pass_on([Hint(row[0], row[1], None)])

    def _pass_on(self, hints: Sequence[Hint]) -> None:
        if hints:
            self._call(self._tell, hints)

    def _call(self, callback: Callable[..., None], *arguments: Any) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(callback, *arguments)

    def _tell_lost(self) -> None:
        for lost in self._lost:
            lost()

    def _tell_talk(self, talk: Sequence[str]) -> None:
        for text in talk:
            for hear in self._said:
                hear(*said(text))

    def _tell(self, hints: Sequence[Hint]) -> None:
        for heard in self._heard:
            heard(hints)


def _hint(text: str) -> Hint | None:
    number, _, rest = text.partition(" ")
    writer, _, events = rest.partition(" ")
    return Hint(int(number), writer, base64.b64decode(events) if " " in rest else None) if number else None

"""Exports of a person's data, written to files on a thread of their own."""

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

import msgspec

from chatd.clock import Clock
from chatd.errors import RateLimited, StorageUnavailable
from chatd.models import Block, Conversation, Membership, Message, Report, Session, User
from chatd.services import seen
from chatd.services.limiting import Limit
from chatd.storage import avatars, blocks, conversations, messages, reactions, removals, reports, sessions, stays, users
from chatd.storage.engine import Sql
from chatd.storage.stores import Store, snapshot

#: How many messages are in memory at once.
PAGE = 500

#: How many exports may wait; one is written at a time.
QUEUE_LIMIT = 8


class _Stopped(Exception):
    """The server is stopping."""


class PersonalData:
    """One person's data as they see it, read from one snapshot; long lists are read page by page."""

    def __init__(
        self, db: Sql, user_id: int, now: int, is_stopping: Callable[[], bool], *, page_size: int = PAGE
    ) -> None:
        self._db = db
        self._page_size = page_size
        self._user_id = user_id
        self._is_stopping = is_stopping
        self.exported_at = now

    @property
    def profile(self) -> User:
        """The person's profile."""
        return users.require(self._db, self._user_id)

    @property
    def sessions(self) -> list[Session]:
        """The person's sessions, without secrets."""
        return sessions.list_live(self._db, self._user_id, self.exported_at)

    @property
    def blocks(self) -> list[Block]:
        """The people whom the person blocks."""
        return blocks.page(self._db, self._user_id, skip=0, limit=None)

    @property
    def reports(self) -> list[Report]:
        """The reports the person has made."""
        return reports.made_by(self._db, self._user_id)

    def pictures(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and content of each of the person's pictures."""
        for filename in avatars.names_of(self._db, self._user_id):
            content = avatars.get(self._db, filename)
            if content is not None:
                yield filename, content

    def reactions(self) -> Iterator[tuple[int, str]]:
        """Yield the message id and emoji of each of the person's reactions."""
        last = (0, "")
        while found := reactions.made_by(self._db, self._user_id, self._page_size, last):
            self._go_on()
            yield from (row[1:] for row in found)
            last = found[-1][1:]

    def conversations(self) -> Iterator[tuple[Conversation, User | None, Membership | None]]:
        """Yield each conversation with its other person, None for a group, and the membership, None after leaving."""
        for conversation_id in conversations.ids_of(self._db, self._user_id):
            conversation = conversations.get(self._db, conversation_id, self._user_id)
            if conversation.other_id is None:
                mine = conversations.membership(self._db, conversation_id, self._user_id)
                if mine is None:  # what it is called now is nothing for them
                    name = stays.name_at_leaving(self._db, conversation_id, self._user_id)
                    conversation = msgspec.structs.replace(conversation, name=name)
                yield conversation, None, mine
                continue
            found = conversations.find_private(self._db, self._user_id, conversation.other_id)
            if found is not None and found.message_count:
                other = users.require(self._db, conversation.other_id)
                yield found, other, conversations.membership(self._db, conversation_id, self._user_id)

    def messages(self, conversation: Conversation) -> Iterator[Message]:
        """Yield the messages of a conversation that the person sees or has written, oldest first.

        What they wrote is there also where an admin has removed it.
        """
        last = 0
        while found := messages.seen_or_own(self._db, conversation.id, last, self._page_size, viewer=self._user_id):
            self._go_on()
            removed = [each.id for each in found if each.removed]
            said = removals.contents(self._db, removed, self._user_id) if removed else {}
            for message in seen.own(self._db, found, self._user_id):
                yield msgspec.structs.replace(message, content=said[message.id]) if message.id in said else message
            last = found[-1].id

    def _go_on(self) -> None:
        if self._is_stopping():
            raise _Stopped


class Exports:
    """Writes exports."""

    def __init__(self, store: Store, directory: Path, limit: Limit, clock: Clock, *, page_size: int = PAGE) -> None:
        """Create the service.

        :param store: what is read.
        :param directory: where the files are written, without a name.
        :param limit: of the exports of each user.
        :param page_size: how many messages are in memory at once.
        """
        self.page_size = page_size
        self._store = store
        self._directory = directory
        self._clock = clock
        self._limit = limit
        self._thread = ThreadPoolExecutor(1, "exports")
        self._pending = 0
        self._stopping = threading.Event()

    async def build(self, user_id: int, write: Callable[[IO[bytes], PersonalData], None]) -> IO[bytes]:
        """Write a user's data into a file, and return the file at its beginning.

        :param write: writes everything into the file; runs on the thread of exports.
        :raises RateLimited: the user has made too many exports, or too many are waiting.
        :raises StorageUnavailable: the file could not be written, or the server is stopping.
        """
        if self._pending >= QUEUE_LIMIT:
            raise RateLimited(5.0)
        await self._limit.take(user_id)
        self._pending += 1
        written = self._thread.submit(self._build, user_id, write)
        try:
            return await asyncio.wrap_future(written)
        except asyncio.CancelledError:
            written.add_done_callback(_close)
            raise
        except (OSError, StorageUnavailable, _Stopped) as error:  # its text is not for clients
            raise StorageUnavailable from error
        finally:
            self._pending -= 1

    def close(self) -> None:
        """Tell the thread to end soon."""
        self._stopping.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _build(self, user_id: int, write: Callable[[IO[bytes], PersonalData], None]) -> IO[bytes]:
        file = tempfile.TemporaryFile(dir=self._directory)  # noqa: SIM115 (the caller closes it)
        try:
            with snapshot(self._store) as db:
                is_stopping, page_size = self._stopping.is_set, self.page_size
                write(file, PersonalData(db, user_id, self._clock(), is_stopping, page_size=page_size))
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file


def _close(written: "Future[IO[bytes]]") -> None:
    """Close a file whose caller has gone."""
    if not written.cancelled() and written.exception() is None:
        written.result().close()

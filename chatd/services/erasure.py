"""Erasing what deleted accounts have left behind, step by step and through the change log."""

import asyncio
import logging

from chatd.clock import Clock
from chatd.events import ProfileChanged
from chatd.services import editing
from chatd.storage import change_log, conversations, messages, reactions, users
from chatd.storage.commit import Transaction, Write
from chatd.storage.database import Database

log = logging.getLogger(__name__)

#: How many messages or reactions one write erases: few enough not to delay anybody's message for long.
STEP = 100

#: How long to wait between two steps, in seconds, so that connected clients keep up.
PAUSE = 0.02


class Erasure:
    """Erases what is left of deleted accounts.

    An account is deleted in one transaction, but its messages may be many. If the server stops in between, it goes on
    after the next start: an account stays on the list until nothing of it is left.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Erase everything that deleted accounts have left behind."""
        async with self._one_at_a_time:
            for user_id in await self._db.read(users.to_erase):
                await self._erase(user_id)
                log.info("erased a deleted account", extra={"event": "account_erased", "user_id": user_id})

    async def _erase(self, user_id: int) -> None:
        now = self._clock()
        await self._db.write(lambda tx: _tell_new_name(tx, user_id, now))
        for conversation_id in await self._db.read(lambda db: conversations.ids_of(db, user_id)):
            last: int | None = 0
            while last is not None:
                last = await self._db.write(_erasing_messages(conversation_id, user_id, last, now))
                await asyncio.sleep(PAUSE)
        taken = STEP
        while taken == STEP:
            taken = await self._db.write(lambda tx: _take_back_reactions(tx, user_id, now))
            await asyncio.sleep(PAUSE)
        await self._db.write(lambda tx: users.set_erased(tx.db, user_id, now))


def _tell_new_name(tx: Transaction, user_id: int, now: int) -> None:
    seq = change_log.append(tx.db, "profile", user_id=user_id, created_at=now)
    whom = tuple(users.audience(tx.db, user_id))
    tx.publish(ProfileChanged(seq=seq, recipients=whom, user=users.require(tx.db, user_id)))


def _erasing_messages(conversation_id: int, user_id: int, after: int, now: int) -> Write[int | None]:
    """Return a write that erases some messages and returns the id of the last one, or None when none are left."""

    def work(tx: Transaction) -> int | None:
        found = messages.written_by(tx.db, conversation_id, user_id, after, STEP)
        conversation = conversations.get(tx.db, conversation_id, user_id)
        for message_id, hidden_from in found:
            editing.erase(tx, conversation, user_id, message_id, hidden_from, now=now)
        return found[-1][0] if len(found) == STEP else None

    return work


def _take_back_reactions(tx: Transaction, user_id: int, now: int) -> int:
    """Remove some reactions and return how many."""
    found = reactions.made_by(tx.db, user_id, STEP)
    for conversation_id, message_id, emoji in found:
        conversation = conversations.get(tx.db, conversation_id, user_id)
        editing.take_back(tx, conversation, user_id, message_id, emoji, now=now)
    return len(found)

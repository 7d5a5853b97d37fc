"""Following the change log: its position, and all changes after one."""

import json
from collections.abc import Sequence

from chatd.clock import DAY_MS, Clock
from chatd.errors import ResyncNeeded
from chatd.events import (
    Change,
    MembershipChanged,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    ProfileChanged,
    ReactionChanged,
    ReadMarkerMoved,
    Replay,
)
from chatd.models import LogEntry, LogExtent, LogPosition, Message, User
from chatd.storage import blocks, change_log, conversations, messages, users
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql

#: How many changes one write prunes: few enough not to delay other writes for long.
PRUNE_STEP = 500


class Sync:
    """Follows the change log."""

    def __init__(self, db: Database, clock: Clock, log_days: float) -> None:
        """Create the service.

        :param log_days: how many days the log reaches back.
        """
        self._db = db
        self._clock = clock
        self._kept_ms = int(log_days * DAY_MS)
        #: How many times a client was told to load everything again.
        self.resyncs = 0

    async def position(self) -> LogPosition:
        """Return the log's name and its newest ``seq``."""
        return await self._db.read(lambda db: LogPosition(change_log.epoch(db), change_log.head(db)))

    async def welcome(self, user_id: int) -> tuple[LogPosition, User]:
        """Return what greets a client: the log's position, and its user.

        :raises UserNotFound: there is no such user.
        """
        return await self._db.read(
            lambda db: (LogPosition(change_log.epoch(db), change_log.head(db)), users.require(db, user_id))
        )

    async def extent(self) -> LogExtent:
        """Return the ends of the log."""
        return await self._db.read(
            lambda db: LogExtent(change_log.head(db), change_log.pruned_up_to(db), change_log.oldest_at(db))
        )

    async def replay(self, user_id: int, *, epoch: str | None, since: int | None, limit: int) -> Replay:
        """Return the changes after a place in the log that a user may see, oldest first, as things are now.

        :param epoch: the log that ``since`` belongs to.
        :param since: the place in the log; None for its head.
        :param limit: the most changes to return.
        :raises ResyncNeeded: ``epoch`` is another log, or ``since`` is pruned or beyond the head.
        """

        def read(db: Sql) -> Replay:
            head = change_log.head(db)
            if since is None:
                return Replay([], head, more=False)
            if epoch != change_log.epoch(db) or not change_log.pruned_up_to(db) <= since <= head:
                raise ResyncNeeded
            entries = change_log.visible(db, user_id, since=since, up_to=head, limit=limit + 1)
            more = len(entries) > limit
            entries = entries[:limit]
            return Replay(_facts(db, entries, user_id), entries[-1].seq if more else head, more)

        try:
            return await self._db.read(read)
        except ResyncNeeded:
            self.resyncs += 1
            raise

    async def acquaintances(self, user_id: int) -> tuple[int, ...]:
        """Return the ids of everyone whose presence a user sees: those who share a conversation and are not blocked."""
        return tuple(await self._db.read(lambda db: users.acquaintances(db, user_id) - blocks.blocked(db, user_id)))

    async def audiences(self, user_ids: Sequence[int]) -> list[tuple[int, ...]]:
        """Return, for each user, the ids of everyone who sees their presence."""

        def read(db: Sql) -> list[tuple[int, ...]]:
            return [
                tuple(users.audience(db, user_id) - blocks.blockers(db, user_id) - {user_id}) for user_id in user_ids
            ]

        return await self._db.read(read)

    async def prune(self, step: int = PRUNE_STEP) -> None:
        """Remove changes that are older than the log must keep.

        :param step: how many changes one write removes.
        """
        now = self._clock()

        def prune(tx: Transaction) -> int:
            return change_log.prune(tx.db, before=now - self._kept_ms, after=now + self._kept_ms, limit=step)

        while await self._db.write(prune) == step:
            pass


def _facts(db: Sql, entries: list[LogEntry], viewer: int) -> list[Change]:
    told = {"message", "edit", "delete"}
    wanted = {entry.message_id for entry in entries if entry.kind in told and entry.message_id is not None}
    found = {message.id: message for message in messages.get_many(db, wanted, viewer=viewer)}
    return [_fact(db, entry, found) for entry in entries]


def _fact(db: Sql, entry: LogEntry, found: dict[int, Message]) -> Change:
    """Return the change that a row of the log stands for."""
    seq, user_id, message_id = entry.seq, entry.user_id or 0, entry.message_id or 0
    data = json.loads(entry.data) if entry.data else {}
    match entry.kind:
        case "message":
            return MessageCreated(seq=seq, recipients=(), message=found[message_id])
        case "edit":
            return MessageEdited(seq=seq, recipients=(), message=found[message_id])
        case "delete":
            return MessageDeleted(seq=seq, recipients=(), message=found[message_id])
        case "reaction":
            return ReactionChanged(
                seq=seq, recipients=(), message_id=message_id, user_id=user_id, emoji=data["emoji"], on=data["on"]
            )
        case "read":
            pair = conversations.get(db, entry.conversation_id or 0, user_id)
            return ReadMarkerMoved(
                seq=seq,
                recipients=(),
                reader_id=user_id,
                place=pair.place,
                up_to=message_id,
            )
        case "profile":
            return ProfileChanged(seq=seq, recipients=(), user=users.require(db, user_id))
        case "membership":
            return MembershipChanged(
                seq=seq, recipients=(), group_id=entry.conversation_id or 0, user_id=user_id, role=data["role"]
            )
        case kind:
            raise ValueError(f"the change log has a row of the unknown kind {kind}")

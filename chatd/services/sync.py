"""Following the change log: its position, and all changes after one."""

import json
from collections.abc import Callable, Sequence

import msgspec

from chatd.clock import DAY_MS, Clock
from chatd.errors import ResyncNeeded
from chatd.events import (
    ActionChanged,
    Change,
    GroupChanged,
    GroupEnded,
    InvitationChanged,
    JoinRequestChanged,
    LevelChanged,
    MembershipChanged,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    MessagesRemoved,
    MessagesRestored,
    Moderated,
    PinChanged,
    ProfileChanged,
    ReactionChanged,
    ReadMarkerMoved,
    Replay,
)
from chatd.models import LogEntry, LogExtent, LogPosition, Message, Preview, User
from chatd.places import GroupPlace
from chatd.services import seen
from chatd.storage import actions, blocks, change_log, conversations, groups, join_requests, messages, users
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


#: What tells how something is now: those who have left are not to know.
_OF_NOW = {"group", "action"}

#: What is told with a message.
_WITH_A_MESSAGE = {"message", "edit", "delete"}


def _facts(db: Sql, entries: list[LogEntry], viewer: int) -> list[Change]:
    told = [entry for entry in entries if entry.kind in _WITH_A_MESSAGE]
    found = {each.id: each for each in messages.get_many(db, {entry.message_id or 0 for entry in told}, viewer=viewer)}
    ended = {(entry.message_id or 0, entry.stay_end) for entry in told if entry.stay_end is not None}
    edited_since = messages.edited_after(db, ended) if ended else set()

    def message_of(entry: LogEntry) -> Message:
        message = found[entry.message_id or 0]
        if entry.stay_end is None:
            return message
        return seen.as_at_the_end(message, is_edited_since=(message.id, entry.stay_end) in edited_since)

    kept = (entry for entry in entries if entry.kind not in _OF_NOW or entry.stay_end is None)
    return [_fact(db, entry, message_of) for entry in kept]


def _fact(db: Sql, entry: LogEntry, message_of: Callable[[LogEntry], Message]) -> Change:
    """Return the change that a row of the log stands for."""
    seq, user_id, message_id = entry.seq, entry.user_id or 0, entry.message_id or 0
    data = json.loads(entry.data) if entry.data else {}
    group_id = entry.conversation_id or data.get("group_id", 0)
    match entry.kind:
        case "message":
            return MessageCreated(seq=seq, recipients=(), message=message_of(entry))
        case "edit":
            return MessageEdited(seq=seq, recipients=(), message=message_of(entry))
        case "delete":
            return MessageDeleted(seq=seq, recipients=(), message=message_of(entry))
        case "reaction":
            return ReactionChanged(
                seq=seq, recipients=(), message_id=message_id, user_id=user_id, emoji=data["emoji"], on=data["on"]
            )
        case "read":
            place = conversations.get(db, group_id, user_id).place
            return ReadMarkerMoved(seq=seq, recipients=(), reader_id=user_id, place=place, up_to=message_id)
        case "profile":
            return ProfileChanged(seq=seq, recipients=(), user=users.require(db, user_id))
        case "membership":
            return MembershipChanged(
                seq=seq,
                recipients=(),
                group_id=group_id,
                user_id=user_id,
                role=data["role"],
                how=data.get("how", "joined" if data["role"] else "left"),  # an older chatd did not say
                user=users.require(db, user_id),
            )
        case "group":
            return GroupChanged(seq=seq, recipients=(), group=groups.get_many(db, [group_id])[group_id])
        case "group_ended":
            return GroupEnded(seq=seq, recipients=(), group_id=group_id)
        case "notify":
            return LevelChanged(
                seq=seq,
                recipients=(),
                place=GroupPlace(group_id),
                notify=data["notify"],
                muted_until=data["muted_until"],
            )
        case "action":
            action_id = data.get("action_id", seq)
            return ActionChanged(seq=seq, recipients=(), action=actions.get_many(db, [action_id])[action_id])
        case "moderated":
            return Moderated(
                seq=seq,
                recipients=(),
                group_id=group_id,
                kind=data["kind"],
                reason=data["reason"],
                until=data["until"],
                undone=data["undone"],
            )
        case "messages_removed" | "messages_restored":
            removed = MessagesRemoved if entry.kind == "messages_removed" else MessagesRestored
            return removed(
                seq=seq,
                recipients=(),
                group_id=group_id,
                user_id=user_id,
                from_id=data["from_id"],
                to_id=message_id,
                action_id=data["action_id"],
            )
        case "pin":
            return PinChanged(
                seq=seq, recipients=(), group_id=group_id, message_id=message_id, user_id=user_id, on=data["on"]
            )
        case "join_request":
            asked = join_requests.find(db, group_id, data["user"]) if data["on"] else None
            return JoinRequestChanged(
                seq=seq,
                recipients=(),
                group_id=group_id,
                user=users.require(db, data["user"]),
                note=None if asked is None else asked.note,
                on=data["on"],
            )
        case "invitation":
            return InvitationChanged(
                seq=seq,
                recipients=(),
                group=msgspec.convert(data["group"], Preview),
                sender=users.require(db, data["from"]),
                on=data["on"],
            )
        case kind:
            raise ValueError(f"the change log has a row of the unknown kind {kind}")

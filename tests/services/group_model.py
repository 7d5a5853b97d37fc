"""A plain model of a group beside the real thing: who is there, what they see, count and are told."""

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatd.config import Groups as GroupSettings
from chatd.config import Limits
from chatd.errors import ChatError
from chatd.events import ActionChanged, Change, MembershipChanged, MessageCreated
from chatd.places import GroupPlace
from chatd.services import Groups, editing, joining
from chatd.services.messages import Messages
from chatd.storage import change_log, groups, mentions, messages, overviews, stays
from chatd.storage.commit import Transaction, Work, commit
from chatd.storage.database import Database
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.engine.sqlite.sql import Connection
from chatd.storage.memory import Memory
from tests.services.in_memory import image

PEOPLE = (1, 2, 3, 4)

#: What messages say beside what is their own.
NAMING = ["", "@u1", "@u2, @u3.", "@all", "x@u4", "@u4", "@U1 @u2", "@nobody @all", "", "@u3"]
GROUP = 1


@dataclass(eq=False)
class Stay:
    """One member's stay: from which message on they see, where they joined, and how far they have read."""

    seen_from: int
    joined: int
    read_up_to: int
    #: How high the member was as the stay ended.
    rank: int = 0


@dataclass(eq=False)
class Done:
    """Something that was done to somebody.

    ``took`` are the messages it removes, and ``stay`` the one it put an end to, or that another action had that stood.
    """

    id: int
    kind: str
    user: int
    took: frozenset[int]
    stay: Stay | None
    undone: bool = False
    ended: bool = False


@dataclass
class Model:
    """The group as it should be."""

    members: dict[int, Stay] = field(default_factory=dict)
    ended_with: dict[int, Stay] = field(default_factory=dict)
    history_from: int | None = None
    #: The sender of each message, by its id, and those that were deleted.
    sent: dict[int, int] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    #: Whom each message names or answers, and which name everybody.
    named: dict[int, set[int]] = field(default_factory=dict)
    to_all: set[int] = field(default_factory=set)
    #: What was done to members; see :mod:`tests.services.test_moderation`.
    actions: "list[Done]" = field(default_factory=list)
    #: The last stay of each who was ever there.
    last: dict[int, Stay] = field(default_factory=dict)
    told: dict[int, list[int]] = field(default_factory=lambda: {person: [] for person in PEOPLE})

    def seen(self, person: int) -> list[int]:
        """Return the messages somebody sees."""
        stay = self.members.get(person)
        return [] if stay is None else [each for each in sorted(self.sent) if each >= stay.seen_from]

    def is_gone(self, message: int) -> bool:
        """Report whether a message is deleted, or removed."""
        return message in self.deleted or self.is_removed(message)

    def is_removed(self, message: int) -> bool:
        """Report whether an action that stands has removed a message."""
        return any(message in each.took for each in self.actions if not each.undone)

    def in_force(self, kind: str, person: int) -> bool:
        """Report whether a ban or a silence of somebody is in force."""
        return any(
            (each.kind, each.user, each.undone, each.ended) == (kind, person, False, False) for each in self.actions
        )

    def unread(self, person: int) -> int:
        """Return how many messages somebody has not read."""
        marker = self.members[person].read_up_to
        return len([x for x in self.seen(person) if x > marker and self.sent[x] != person and not self.is_gone(x)])

    def unread_mentions(self, person: int) -> int:
        """Return how many of these name somebody, answer them, or name everybody."""
        marker = self.members[person].read_up_to
        return len([x for x in self.seen(person) if x > marker and self.is_named(person, x)])

    def is_named(self, person: int, message: int) -> bool:
        """Report whether a message names somebody, answers them, or names everybody."""
        others = message in self.to_all and self.sent[message] != person
        return not self.is_gone(message) and (person in self.named[message] or others)

    def name(self, message: int, content: str, answers: int | None) -> None:
        """Note whom a message names."""
        sender = self.sent[message]
        people = {person for person in self.members if f" @u{person}" in content.lower()}
        if answers is not None and self.sent[answers] in self.members:
            people.add(self.sent[answers])
        self.named[message] = people - {sender}
        self.to_all.discard(message)
        if "@all" in content:
            self.to_all.add(message)

    def come(self, person: int, seq: int) -> None:
        """Note that somebody has joined."""
        seen_from = seq if self.history_from is None else self.history_from
        self.members[person] = self.last[person] = Stay(seen_from, seq, max(self.sent, default=0))


@functools.cache
def fresh_database() -> bytes:
    """Return a database with some people and a group that the first has made."""

    def prepare(db: Connection) -> None:
        for person in PEOPLE:
            db.execute(
                """
                INSERT INTO users (id, username, username_key, nickname, search_key, created_at)
                VALUES (:id, 'u' || :id, 'u' || :id, 'U', 'u', 0)
                """,
                {"id": person},
            )
        db.execute("INSERT INTO conversations (id, kind, name, created_at) VALUES (?, 'group', 'all', 0)", (GROUP,))

    return image(prepare)


class World:
    """The real thing and the model beside it."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.memory = Memory(db)
        self.model = Model()
        self.now = itertools.count(1)
        self.answers: dict[int, int | None] = {}
        unused = Database(Sqlite(Path()))
        self.service = Messages(unused, Limits(messages_per_second=0), lambda: next(self.now))
        self.rooms = Groups(unused, GroupSettings(), lambda: next(self.now))
        self.do(self.entering(1, "owner"))
        self.model.come(1, change_log.head(db))

    def entering(self, person: int, role: Any = "member") -> Callable[[Transaction], Any]:
        """Return the work of joining."""

        def work(tx: Transaction) -> None:
            group = groups.find(tx.db, GROUP)
            if group is None or stays.find(tx.db, GROUP, person) is not None:
                raise ChatError
            self.rooms.enter(tx, group, person, role=role, how="joined", now=next(self.now))

        return work

    def do(self, work: Work[Any]) -> list[Change] | None:
        """Carry something out, note who is told, and return the changes; None where it is refused."""
        ((outcome,), _) = commit(self.db, self.memory, [work])
        if outcome.error is not None:
            assert isinstance(outcome.error, ChatError), outcome.error
            return None
        changes = [event for event in outcome.events if isinstance(event, Change)]
        for event in changes:
            for person in event.recipients:
                if not isinstance(event, ActionChanged):  # what admins are told again follows their roles of now
                    self.model.told[person].append(event.seq)
        return changes

    def may_speak(self, person: int) -> bool:
        """Report whether somebody is there and is not silenced."""
        stay = stays.find(self.db, GROUP, person)
        return stay is not None and (stay.role == "owner" or not self.model.in_force("silence", person))

    def step(self, kind: str, person: int, number: int) -> None:
        """Take a step in both."""
        model, ids = self.model, sorted(self.model.sent)
        message = ids[-1 - number] if number < len(ids) else 10_000
        is_seen, may_speak = message in model.seen(person), self.may_speak(person)
        if kind == "join":
            changes = self.do(self.entering(person))
            kept_out = person in model.members or model.in_force("ban", person)
            assert (changes is None) == (not model.members or kept_out)
            if changes:
                model.come(person, changes[0].seq)
        elif kind == "leave":
            stay = stays.find(self.db, GROUP, person)
            assert (stay is None) == (person not in model.members)
            if stay is not None:
                before = dict(model.members)
                changes = self.do(lambda tx: joining.leave(tx, stay, how="left", now=1))
                del model.members[person]
                model.ended_with = {} if model.members else before
                assert changes is not None
                heirs = [each for each in changes[1:] if isinstance(each, MembershipChanged)]
                assert len(heirs) == (stay.role == "owner" and bool(model.members))
        elif kind == "send":
            content = f"n{next(self.now)} {NAMING[number]}"
            answers = message if number % 3 == 0 and is_seen else None
            changes = self.do(self.service.post(person, GroupPlace(GROUP), content, reply_to=answers).work)
            assert (changes is not None) == may_speak
            if changes:
                assert isinstance(changes[0], MessageCreated)
                sent, told = changes[0].seq, changes[0].message
                model.sent[sent], self.answers[sent] = person, answers
                model.name(sent, content, answers)
                assert (set(told.mentions), told.mentions_all) == (model.named[sent], sent in model.to_all)
        elif kind == "edit":
            content = f"n{next(self.now)} {NAMING[-1 - number]}"
            changes = self.do(lambda tx: editing.edit(tx, person, message, content, now=1))
            may = is_seen and may_speak and model.sent[message] == person and not model.is_gone(message)
            assert (changes is not None) == may
            if may:
                model.name(message, content, self.answers[message])
        elif kind == "delete":
            changes = self.do(lambda tx: editing.delete(tx, person, message, now=1))
            assert (changes is not None) == (model.sent.get(message) == person)
            model.deleted |= {message} if changes else set()
        elif kind == "react":
            changes = self.do(lambda tx: editing.react(tx, person, message, f"{number}", number % 3 > 0, now=1))
            assert (changes is not None) == (is_seen and may_speak and not model.is_gone(message))
        elif kind == "read":
            changes = self.do(self.service.move_marker(person, GroupPlace(GROUP), message).work)
            assert (changes is None) == (person not in model.members)
            if changes:
                model.members[person].read_up_to = max(x for x in model.seen(person) if x <= message)
        elif kind in ("all", "joined"):
            seq = change_log.head(self.db) if kind == "all" else None
            self.do(lambda tx: groups.set_history(tx.db, GROUP, seq, seq))
            model.history_from = seq
        elif number == 0:
            group = groups.find(self.db, GROUP)
            assert group is not None
            self.do(lambda tx: joining.end(tx, group, now=1))
            model.ended_with, model.members = model.members, {}

    def restore(self) -> None:
        """Bring the group back."""
        changes = self.do(lambda tx: joining.restore(tx, GROUP, now=1))
        assert changes is not None
        self.model.members, self.model.ended_with = self.model.ended_with, {}
        for change in changes:
            if isinstance(change, MembershipChanged) and change.how == "restored":
                self.model.members[change.user_id].joined = change.seq

    def check(self) -> None:
        """Compare what everybody sees and was told."""
        head, model = change_log.head(self.db), self.model
        owners = self.db.execute("SELECT count(*) FROM memberships WHERE role = 'owner' AND left_seq IS NULL")
        assert owners.fetchone()[0] == bool(model.members)
        for person in PEOPLE:
            seen = model.seen(person)
            assert [each.id for each in messages.before(self.db, GROUP, None, 100, viewer=person)] == seen
            found = overviews.states(self.db, person, before=None, limit=10)
            assert len(found) == (person in model.members)
            for state in found:
                stay = model.members[person]
                assert state.unread_count == model.unread(person)
                assert state.read_up_to == stay.read_up_to
                assert state.mention_count == model.unread_mentions(person)
                assert (state.last_message.id if state.last_message else None) == (seen[-1] if seen else None)
                assert state.activity == max([stay.joined, *seen[-1:]])
                assert state.group is not None
                assert state.group.member_count == len(model.members)
            naming = mentions.naming(self.db, person, before=None, limit=100)
            assert naming == [x for x in reversed(seen) if person in model.named[x] and not model.is_gone(x)]
            for each in messages.before(self.db, GROUP, None, 100, viewer=person):
                is_kept = not model.is_gone(each.id)
                assert (each.removed, each.content == "") == (
                    model.is_removed(each.id) and each.id not in model.deleted,
                    not is_kept,
                )
                assert set(each.mentions) == (model.named[each.id] if is_kept else set())
                assert each.mentions_all == (is_kept and each.id in model.to_all)
            replayed = change_log.visible(self.db, person, since=0, up_to=head, limit=1000)
            assert [each.seq for each in replayed if each.kind != "action"] == model.told[person]

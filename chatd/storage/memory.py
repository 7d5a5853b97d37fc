"""What the writer remembers from one transaction to the next, so that posting a message looks little up.

It holds what is committed, or written by the transaction under way. Whatever else is written, here or by another
process, changes one of the engine's versions, and then what may have changed with it is forgotten. Nothing but a
message begins a private conversation, which no version counts: those that have begun stay so, others are looked up.
"""

from collections.abc import Collection, Mapping

from chatd.models import User
from chatd.storage import blocks, change_log, circles, posts, users
from chatd.storage.circles import Circle
from chatd.storage.engine import Versions, WriterSql
from chatd.storage.posts import Pair

#: How many users, private conversations and members of groups are remembered, of each: some 20 MB of users.
LIMIT = 50_000

#: More changes than this at once are not looked through for what has become of groups: that is forgotten.
FOLLOWED_MAX = 500


class Private:
    """A private conversation, and who of the two sees a message in it."""

    __slots__ = ("_begun_for", "id", "is_begun")

    def __init__(self, conversation_id: int, begun_for: Collection[int] = ()) -> None:
        self.id = conversation_id
        self._begun_for = set(begun_for)
        #: Whether both of them see a message.
        self.is_begun = len(self._begun_for) == 2

    def begin(self, whom: tuple[int, ...]) -> bool:
        """Note that a message is stored, and report whether it is the first one for any of those who see it."""
        if self._begun_for.issuperset(whom):
            return False
        self._begun_for.update(whom)
        self.is_begun = len(self._begun_for) == 2
        return True


class Memory:
    """Users, conversations and blocks by their ids."""

    def __init__(self, db: WriterSql, *, limit: int = LIMIT) -> None:
        """Create an empty memory.

        :param db: the connection that writes.
        :param limit: how many users, private conversations and members of groups to remember, of each.
        """
        self._db = db
        self._limit = limit
        self._foreign: int | None = None
        self._others: int | None = None
        self._versions: Versions | None = None
        self._is_doubted = True
        self._head: int | None = None
        self._users: dict[int, User] = {}
        self._private: dict[Pair, Private] = {}
        self._circles: dict[int, Circle] = {}
        self._members = 0
        #: The place in the log up to which the members of the groups are known.
        self._followed = 0
        self._anybody_blocks: bool | None = None

    def doubt(self) -> None:
        """Note that this connection has written something else than posts."""
        self._is_doubted = True

    def refresh(self) -> None:
        """Forget what may have changed; called inside a transaction, before anything is asked for."""
        foreign = self._db.foreign_version()
        if foreign != self._foreign:
            self.forget()
            self._foreign = foreign
        others = self._db.others_version()
        if others != self._others:
            self._others = others
            self._is_doubted = True
            self._private = {pair: each for pair, each in self._private.items() if each.is_begun}
        if self._is_doubted:
            self._head = None
            versions, known = self._db.own_versions(), self._versions
            if known is None or versions.users != known.users:
                self._users.clear()
            if known is None or versions.blocks != known.blocks:
                self._anybody_blocks = None
            if known is None or versions.members != known.members:
                self._follow_groups(None if known is None else versions.members - known.members)
            self._versions = versions
            self._is_doubted = False

    def forget(self) -> None:
        """Forget everything: what was remembered may have been undone."""
        self._is_doubted = True
        self._versions = None
        self._head = None
        self._users.clear()
        self._private.clear()
        self._forget_groups()
        self._anybody_blocks = None

    @property
    def head(self) -> int:
        """The newest ``seq`` of the change log, to which posting adds."""
        if self._head is None:
            self._head = change_log.head(self._db)
        return self._head

    @head.setter
    def head(self, seq: int) -> None:
        self._head = seq

    def users(self, ids: Collection[int]) -> Mapping[int, User]:
        """Return the users there are of ``ids``, and perhaps others."""
        unknown = [user_id for user_id in ids if user_id not in self._users]
        if unknown:
            if len(self._users) + len(unknown) > self._limit:
                self._users.clear()
                unknown = list(ids)
            self._users.update(users.get_many(self._db, unknown))
        return self._users

    def private(self, pairs: Collection[Pair]) -> Mapping[Pair, Private]:
        """Return the private conversations there are of ``pairs``, and perhaps others, each under both its pairs."""
        unknown = [pair for pair in pairs if pair not in self._private]
        if unknown:
            if len(self._private) + 2 * len(unknown) > 2 * self._limit:
                self._private.clear()
                unknown = list(pairs)
            for conversation_id, pair, begun_for in posts.private_among(self._db, unknown):
                self._remember(pair, Private(conversation_id, begun_for))
        return self._private

    def begin_private(self, user_id: int, other_id: int, now: int) -> Private:
        """Make the private conversation of two users, which is not there yet."""
        made = Private(posts.begin_private(self._db, user_id, other_id, now))
        self._remember((user_id, other_id), made)
        return made

    def circles(self, ids: Collection[int]) -> Mapping[int, Circle]:
        """Return who is in each group there is of ``ids``, and perhaps of others; one without members is not there."""
        unknown = [group_id for group_id in ids if group_id not in self._circles]
        if unknown:
            if self._members > self._limit:
                self._forget_groups()
                unknown = list(ids)
            for group_id, circle in circles.load(self._db, unknown).items():
                self._circles[group_id] = circle
                self._members += len(circle.members)
        return self._circles

    def blocks(self, pairs: Collection[Pair]) -> Collection[Pair]:
        """Return the blocks among ``pairs``, either way round, each as (blocker, blocked).

        Mostly nobody blocks anybody, and that is remembered.
        """
        if self._anybody_blocks is None:
            self._anybody_blocks = blocks.anybody(self._db)
        return blocks.among(self._db, pairs) if self._anybody_blocks and pairs else ()

    def _remember(self, pair: Pair, private: Private) -> None:
        one, two = pair
        self._private[one, two] = self._private[two, one] = private

    def _forget_groups(self) -> None:
        self._circles.clear()
        self._members = 0

    def _follow_groups(self, count: int | None) -> None:
        """Change what is remembered of groups as their members have changed, where the log explains every change.

        Else it is forgotten. To load a group takes the longer the more members it has, and they come one by one.

        :param count: how many changes there were, of members, roles, rules and silences; None where that is not known.
        """
        since, self._followed = self._followed, change_log.head(self._db)
        changes = None if count is None else change_log.memberships(self._db, since=since, limit=FOLLOWED_MAX)
        if changes is None or len(changes) != count:
            self._forget_groups()
            return
        concerned = {each for each in changes if each[0] in self._circles}
        before = {group_id: self._circles.pop(group_id) for group_id in {group_id for group_id, _ in concerned}}
        after = circles.follow(self._db, before, concerned) if concerned else {}
        self._circles.update(after)
        self._members += sum(len(it.members) for it in after.values()) - sum(len(it.members) for it in before.values())

"""What the writer remembers from one transaction to the next, so that posting a message looks nothing up.

It holds what is committed or being committed by this connection. Whatever else happens to a user makes the writer
forget: triggers of the connection's own see to it, so no statement can pass it by.
"""

from collections.abc import Collection, Iterable, Mapping

from chatd.models import Conversation, User
from chatd.storage import blocks, conversations, users
from chatd.storage.engine.sqlite.connections import Connection

#: How many users, and how many conversations, are remembered: some 20 MB of each.
LIMIT = 50_000

Pair = tuple[int, int]


class Memory:
    """Users by id, and private conversations by their two members, the one who asks first."""

    def __init__(self, db: Connection) -> None:
        """Create an empty memory of what ``db`` writes."""
        self._db = db
        self._users: dict[int, User] = {}
        self._places: dict[Pair, Conversation] = {}
        self._version = 0
        self._anybody_blocks: bool | None = None
        db.create_function("chatd_forget_blocks", 0, self._forget_blocks)
        for change in ("INSERT", "DELETE"):
            db.execute(
                f"CREATE TEMP TRIGGER forget_blocks_after_{change} AFTER {change} ON blocks"
                " BEGIN SELECT chatd_forget_blocks(); END"
            )
        db.create_function("chatd_forget_user", 1, self._forget_user)
        for change in ("UPDATE", "DELETE"):
            db.execute(
                f"CREATE TEMP TRIGGER forget_user_after_{change} AFTER {change} ON users"
                " BEGIN SELECT chatd_forget_user(old.id); END"
            )

    def refresh(self) -> None:
        """Forget everything if another process has committed since; to be called inside a transaction."""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self.forget()
            self._version = version

    def forget(self) -> None:
        """Forget everything: what was remembered may have been undone."""
        self._users.clear()
        self._places.clear()
        self._anybody_blocks = None

    def users(self, ids: Collection[int]) -> Mapping[int, User]:
        """Return users, those there are of ``ids`` and perhaps others."""
        unknown = [user_id for user_id in ids if user_id not in self._users]
        if unknown:
            if len(self._users) + len(unknown) > LIMIT:
                self._users.clear()
                unknown = list(ids)
            self._users.update(users.get_many(self._db, unknown))
        return self._users

    def places(self, pairs: Iterable[Pair]) -> dict[Pair, Conversation]:
        """Return private conversations, those there are of ``pairs`` and perhaps others."""
        unknown = [pair for pair in pairs if pair not in self._places]
        if unknown:
            if len(self._places) + 2 * len(unknown) > 2 * LIMIT:
                self._places.clear()
                unknown = list(pairs)
            self._places.update(conversations.private_among(self._db, unknown))
        return self._places

    def blocks(self, pairs: Collection[Pair]) -> Collection[Pair]:
        """Return the blocks that there are among ``pairs``, either way round; mostly nobody blocks anybody."""
        if self._anybody_blocks is None:
            self._anybody_blocks = blocks.anybody(self._db)
        return blocks.among(self._db, pairs) if self._anybody_blocks else ()

    def _forget_blocks(self) -> None:
        self._anybody_blocks = None

    def _forget_user(self, user_id: int) -> None:
        self._users.pop(user_id, None)

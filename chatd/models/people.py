"""People: accounts, how they sign in, and whom they block."""

from collections.abc import Sequence
from typing import Literal

from chatd.records import Record

Role = Literal["member", "admin"]

#: What the username of a deleted account begins with; its id follows.
DELETED_PREFIX = "deleted:"


class User(Record):
    """One account. A bot or another program has ``is_ai`` set."""

    id: int
    username: str
    nickname: str
    avatar_path: str | None
    bio: str | None
    is_ai: bool
    role: Role
    created_at: int
    disabled_at: int | None

    @property
    def is_deleted(self) -> bool:
        """Whether the account was deleted: no name that anybody can choose begins like this."""
        return self.username.startswith(DELETED_PREFIX)


class Session(Record):
    """One login of one user on one device. It can be revoked before it expires."""

    id: int
    user_id: int
    device: str
    address: str
    created_at: int
    last_seen_at: int
    expires_at: int


class Ticket(Record):
    """A secret that stands for a session in one handshake, until it expires."""

    secret: str
    expires_at: int


class Invite(Record):
    """An invitation to make an account, with the code that only its maker ever sees."""

    code: str
    path: str
    expires_at: int | None


class Identity(Record):
    """Who is speaking: a user in one session, until a time."""

    user_id: int
    session_id: int
    expires_at: int


class Block(Record):
    """A user whom the caller has blocked, and since when."""

    user: User
    created_at: int


class Account(Record):
    """An account as administrators see it; ``last_seen_at`` is None where it has no session."""

    user: User
    last_seen_at: int | None


class AccountPage(Record):
    """Some accounts by user id, and whether there are more."""

    accounts: Sequence[Account]
    more: bool

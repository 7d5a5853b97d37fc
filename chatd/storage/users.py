"""Accounts."""

from collections.abc import Collection, Iterable

from chatd.errors import UserNotFound
from chatd.models import DELETED_PREFIX, Account, Role, User
from chatd.storage.engine import Row, Sql, as_list, in_list
from chatd.storage.visibility import is_there, present

#: The columns of one user, for :func:`from_row`: the fields of the record, under names that do not get in the way of
#: a message's. ``u`` is the user's row.
COLUMNS = ", ".join(f"u.{field} AS user_{field}" for field in User.__struct_fields__)

_WIDTH = len(User.__struct_fields__)

#: The nickname that others see once an account is deleted.
DELETED_NICKNAME = "Deleted account"

#: In a large group one does not come to know each other.
_PEERS = f"""
    SELECT other.user_id
    FROM memberships AS mine
    JOIN conversations AS c ON c.id = mine.conversation_id AND c.is_large = 0
    JOIN memberships AS other ON other.conversation_id = c.id AND {present("other")}
    WHERE mine.user_id = :user_id AND {present("mine")}
"""

#: The ids of all whom ``:user_id`` sees in a conversation, and of all who see ``:user_id`` in one.
ACQUAINTANCES = f"{_PEERS} AND {is_there('mine.user_id')}"
_AUDIENCE = f"{_PEERS} AND {is_there('other.user_id')}"


def from_row(row: Row) -> User:
    """Return the user of a row that begins with :data:`COLUMNS`.

    The values are taken in their order, which is that of the record's fields: by name they cost three times as much as
    the user, once for every message.
    """
    user_id, username, nickname, avatar_path, bio, is_ai, role, created_at, disabled_at = row[:_WIDTH]
    return User(user_id, username, nickname, avatar_path, bio, is_ai == 1, role, created_at, disabled_at)


def insert(
    db: Sql,
    *,
    username: str,
    username_key: str,
    nickname: str,
    search_key: str,
    password_hash: str | None,
    is_ai: bool,
    role: Role,
    created_at: int,
) -> User | None:
    """Store a new user; None where the username is taken."""
    row = db.execute(
        """
        INSERT INTO users
            (username, username_key, nickname, search_key, password_hash, is_ai, role, created_at)
        VALUES
            (:username, :username_key, :nickname, :search_key, :password_hash, :is_ai, :role, :created_at)
        ON CONFLICT (username_key) DO NOTHING
        RETURNING id
        """,
        {
            "username": username,
            "username_key": username_key,
            "nickname": nickname,
            "search_key": search_key,
            "password_hash": password_hash,
            "is_ai": int(is_ai),
            "role": role,
            "created_at": created_at,
        },
    ).fetchone()
    return None if row is None else get(db, row["id"])


def get(db: Sql, user_id: int) -> User | None:
    """Return a user by id."""
    row = db.execute(f"SELECT {COLUMNS} FROM users AS u WHERE u.id = :user_id", {"user_id": user_id}).fetchone()
    return None if row is None else from_row(row)


def get_many(db: Sql, ids: Collection[int]) -> dict[int, User]:
    """Return the users there are of ``ids``, by id."""
    query = f"SELECT {COLUMNS} FROM users AS u WHERE u.id IN {in_list('ids')}"
    return {user.id: user for user in map(from_row, db.execute(query, {"ids": as_list(ids)}))}


def require(db: Sql, user_id: int) -> User:
    """Return a user by id.

    :raises UserNotFound: there is none.
    """
    user = get(db, user_id)
    if user is None:
        raise UserNotFound
    return user


def get_by_key(db: Sql, *keys: str) -> User | None:
    """Return the user under the first of ``keys`` that belongs to somebody; None if none does."""
    for key in keys:
        row = db.execute(f"SELECT {COLUMNS} FROM users AS u WHERE u.username_key = :key", {"key": key}).fetchone()
        if row is not None:
            return from_row(row)
    return None


def has_human(db: Sql) -> bool:
    """Report whether anybody but bots has an account."""
    return db.execute("SELECT 1 FROM users WHERE is_ai = 0 LIMIT 1").fetchone() is not None


def credentials(db: Sql, keys: Collection[str]) -> tuple[int | None, str | None]:
    """Return the id and password hash of the user under the first of ``keys``; None for whatever there is not."""
    user = get_by_key(db, *keys)
    return (None, None) if user is None else (user.id, password_hash(db, user.id))


def names(db: Sql) -> list[tuple[int, str, str, str]]:
    """Return the id, username, key of the username, and nickname of every account that is not deleted, by id."""
    query = "SELECT id, username, username_key, nickname FROM users WHERE deleted_at IS NULL ORDER BY id"
    return [(row["id"], row["username"], row["username_key"], row["nickname"]) for row in db.execute(query)]


def keys_made_by(db: Sql) -> str:
    """Return the rule that the keys of all names were made by."""
    return str(db.execute("SELECT made_by FROM name_keys").fetchone()["made_by"])


def set_keys(db: Sql, rows: Iterable[tuple[str, str, int]], made_by: str) -> None:
    """Replace the keys of names.

    :param rows: the key of the username, what a search looks in, and the user's id.
    :param made_by: the rule that all keys are made by now.
    """
    db.executemany(
        "UPDATE users SET username_key = :username_key, search_key = :search_key WHERE id = :user_id",
        [
            {"username_key": username_key, "search_key": search_key, "user_id": user_id}
            for username_key, search_key, user_id in rows
        ],
    )
    db.execute("UPDATE name_keys SET made_by = :made_by", {"made_by": made_by})


def password_hash(db: Sql, user_id: int) -> str | None:
    """Return a user's password hash; None where there is no such user or no password."""
    row = db.execute("SELECT password_hash FROM users WHERE id = :user_id", {"user_id": user_id}).fetchone()
    return None if row is None else row["password_hash"]


def set_password_hash(db: Sql, user_id: int, value: str) -> None:
    """Replace a user's password hash."""
    db.execute("UPDATE users SET password_hash = :value WHERE id = :user_id", {"value": value, "user_id": user_id})


def set_disabled(db: Sql, user_id: int, disabled_at: int | None) -> None:
    """Disable a user from a time on, or enable them again (None)."""
    db.execute(
        "UPDATE users SET disabled_at = :disabled_at WHERE id = :user_id",
        {"disabled_at": disabled_at, "user_id": user_id},
    )


def anonymise(db: Sql, user_id: int, deleted_at: int) -> None:
    """Delete an account. Its row stays, with nothing in it that says who it was."""
    db.execute(
        """
        UPDATE users
        SET username = :prefix || id, username_key = :prefix || id, nickname = :nickname, search_key = '',
            avatar_path = NULL, bio = NULL, password_hash = NULL, role = 'member',
            disabled_at = coalesce(disabled_at, :deleted_at), deleted_at = :deleted_at
        WHERE id = :user_id
        """,
        {"user_id": user_id, "prefix": DELETED_PREFIX, "nickname": DELETED_NICKNAME, "deleted_at": deleted_at},
    )
    db.execute("DELETE FROM avatars WHERE owner_id = :user_id", {"user_id": user_id})
    db.execute("UPDATE invites SET used_by = NULL WHERE used_by = :user_id", {"user_id": user_id})


def to_erase(db: Sql) -> list[int]:
    """Return the ids of deleted accounts that have something left to erase."""
    query = "SELECT id FROM users WHERE deleted_at IS NOT NULL AND erased_at IS NULL ORDER BY id"
    return [row["id"] for row in db.execute(query)]


def set_erased(db: Sql, user_id: int, erased_at: int) -> None:
    """Mark a deleted account as erased: nothing is left of it."""
    db.execute(
        "UPDATE users SET erased_at = :erased_at WHERE id = :user_id", {"erased_at": erased_at, "user_id": user_id}
    )


def set_profile(
    db: Sql,
    user_id: int,
    *,
    nickname: str,
    search_key: str,
    avatar_path: str | None,
    bio: str | None,
) -> None:
    """Replace a user's profile."""
    db.execute(
        """
        UPDATE users SET nickname = :nickname, search_key = :search_key, avatar_path = :avatar_path, bio = :bio
        WHERE id = :user_id
        """,
        {
            "user_id": user_id,
            "nickname": nickname,
            "search_key": search_key,
            "avatar_path": avatar_path,
            "bio": bio,
        },
    )


def search(db: Sql, *, query: str | None, is_ai: bool | None, skip: int, limit: int) -> list[User]:
    """Return enabled users by id, those whose names contain ``query`` (as searches compare it) if one is given."""
    rows = db.execute(
        f"""
        SELECT {COLUMNS} FROM users AS u
        WHERE u.disabled_at IS NULL
            AND (CAST(:query AS TEXT) IS NULL OR instr(u.search_key, :query) > 0)
            AND u.is_ai = coalesce(CAST(:is_ai AS BIGINT), u.is_ai)
        ORDER BY u.id
        LIMIT :limit OFFSET :skip
        """,
        {"query": query, "is_ai": None if is_ai is None else int(is_ai), "skip": skip, "limit": limit},
    )
    return [from_row(row) for row in rows]


def all_users(db: Sql) -> list[User]:
    """Return every account, the disabled ones too, by id."""
    return [from_row(row) for row in db.execute(f"SELECT {COLUMNS} FROM users AS u ORDER BY u.id")]


def accounts(db: Sql, *, query: str | None, after: int, limit: int) -> list[Account]:
    """Return accounts by id, above one, the disabled ones too, but none that is deleted.

    :param query: what their names contain, as searches compare it.
    """
    rows = db.execute(
        f"""
        SELECT {COLUMNS},
            (SELECT max(s.last_seen_at) FROM sessions AS s WHERE s.user_id = u.id) AS last_seen_at
        FROM users AS u
        WHERE u.id > :after AND u.deleted_at IS NULL
            AND (CAST(:query AS TEXT) IS NULL OR instr(u.search_key, :query) > 0)
        ORDER BY u.id LIMIT :limit
        """,
        {"query": query, "after": after, "limit": limit},
    )
    return [Account(from_row(row), row["last_seen_at"]) for row in rows]


def acquaintances(db: Sql, user_id: int) -> set[int]:
    """Return the ids of all others whom a user sees in a conversation."""
    return {row["user_id"] for row in db.execute(ACQUAINTANCES, {"user_id": user_id})} - {user_id}


def audience(db: Sql, user_id: int) -> set[int]:
    """Return the ids of all who see a user in a conversation, the user's own among them.

    These are the acquaintances, but for those who see nothing yet of their conversation with the user.
    """
    return {row["user_id"] for row in db.execute(_AUDIENCE, {"user_id": user_id})} | {user_id}

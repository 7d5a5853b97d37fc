"""Accounts and invitations."""

import json
from collections.abc import Collection, Iterable
from typing import Any

from chatd.errors import UserNotFound
from chatd.models import DELETED_PREFIX, Role, User
from chatd.storage.engine import Sql
from chatd.storage.visibility import is_there

#: The columns of one user, for :func:`user_from_row`; the table is called ``u`` wherever this is used.
COLUMNS = "u.id, u.username, u.nickname, u.avatar_path, u.bio, u.is_ai, u.role, u.created_at, u.disabled_at"

#: What others see in place of the name of who deleted their account.
DELETED_NICKNAME = "Deleted account"

#: The ids of all whom :user_id sees in a conversation.
ACQUAINTANCES = f"""
    SELECT other.user_id
    FROM memberships AS mine
    JOIN conversations AS c ON c.id = mine.conversation_id
    JOIN memberships AS other ON other.conversation_id = c.id AND other.left_seq IS NULL
    WHERE mine.user_id = :user_id AND mine.left_seq IS NULL AND {is_there("mine.user_id")}
"""


def user_from_row(row: tuple[Any, ...]) -> User:
    """Make a user of a row that starts with :data:`COLUMNS`."""
    return User(
        id=row[0],
        username=row[1],
        nickname=row[2],
        avatar_path=row[3],
        bio=row[4],
        is_ai=bool(row[5]),
        role=row[6],
        created_at=row[7],
        disabled_at=row[8],
    )


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
        INSERT INTO users AS u
            (username, username_key, nickname, search_key, password_hash, is_ai, role, created_at)
        VALUES
            (:username, :username_key, :nickname, :search_key, :password_hash, :is_ai, :role, :created_at)
        ON CONFLICT (username_key) DO NOTHING
        RETURNING id, username, nickname, avatar_path, bio, is_ai, role, created_at, disabled_at
        """,
        {
            "username": username,
            "username_key": username_key,
            "nickname": nickname,
            "search_key": search_key,
            "password_hash": password_hash,
            "is_ai": is_ai,
            "role": role,
            "created_at": created_at,
        },
    ).fetchone()
    return None if row is None else user_from_row(row)


def get(db: Sql, user_id: int) -> User | None:
    """Return a user by id."""
    row = db.execute(f"SELECT {COLUMNS} FROM users AS u WHERE u.id = ?", (user_id,)).fetchone()
    return None if row is None else user_from_row(row)


def get_many(db: Sql, ids: Collection[int]) -> dict[int, User]:
    """Return users by id, those there are."""
    query = f"SELECT {COLUMNS} FROM users AS u WHERE u.id IN (SELECT value FROM json_each(?))"
    return {row[0]: user_from_row(row) for row in db.execute(query, (json.dumps(list(ids)),))}


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
        row = db.execute(f"SELECT {COLUMNS} FROM users AS u WHERE u.username_key = ?", (key,)).fetchone()
        if row is not None:
            return user_from_row(row)
    return None


def has_human(db: Sql) -> bool:
    """Tell whether anybody but bots has an account."""
    return db.execute("SELECT 1 FROM users WHERE is_ai = 0 LIMIT 1").fetchone() is not None


def credentials(db: Sql, keys: Collection[str]) -> tuple[int | None, str | None]:
    """Return the id and password hash of the user whom the first of ``keys`` finds; None for what there is not."""
    user = get_by_key(db, *keys)
    return (None, None) if user is None else (user.id, password_hash(db, user.id))


def names(db: Sql) -> list[tuple[int, str, str, str]]:
    """Return the id, username, key of the username, and nickname of every account that is not deleted, by id."""
    query = "SELECT id, username, username_key, nickname FROM users WHERE deleted_at IS NULL ORDER BY id"
    return db.execute(query).fetchall()


def keys_made_by(db: Sql) -> str:
    """Return by which rule the keys of all names were made."""
    return str(db.execute("SELECT made_by FROM name_keys").fetchone()[0])


def set_keys(db: Sql, rows: Iterable[tuple[str, str, int]], made_by: str) -> None:
    """Replace the keys of names.

    :param rows: the key of the username, what a search looks in, and the user's id.
    :param made_by: the rule that all keys are made by now.
    """
    db.executemany("UPDATE users SET username_key = ?, search_key = ? WHERE id = ?", rows)
    db.execute("UPDATE name_keys SET made_by = ?", (made_by,))


def password_hash(db: Sql, user_id: int) -> str | None:
    """Return a user's password hash; None where there is no such user or no password."""
    row = db.execute("SELECT password_hash FROM users WHERE id = ?", (user_id,)).fetchone()
    return None if row is None else row[0]


def set_password_hash(db: Sql, user_id: int, value: str) -> None:
    """Replace a user's password hash."""
    db.execute("UPDATE users SET password_hash = ? WHERE id = ?", (value, user_id))


def set_disabled(db: Sql, user_id: int, disabled_at: int | None) -> None:
    """Disable a user from a time on, or enable them again (None)."""
    db.execute("UPDATE users SET disabled_at = ? WHERE id = ?", (disabled_at, user_id))


def anonymise(db: Sql, user_id: int, deleted_at: int) -> None:
    """Delete an account: its row stays, and says nothing of who it was."""
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
    db.execute("DELETE FROM avatars WHERE owner_id = ?", (user_id,))
    db.execute("UPDATE invites SET used_by = NULL WHERE used_by = ?", (user_id,))


def to_erase(db: Sql) -> list[int]:
    """Return the ids of deleted accounts of which something is left."""
    query = "SELECT id FROM users WHERE deleted_at IS NOT NULL AND erased_at IS NULL ORDER BY id"
    return [row[0] for row in db.execute(query)]


def set_erased(db: Sql, user_id: int, erased_at: int) -> None:
    """Note that nothing is left of a deleted account."""
    db.execute("UPDATE users SET erased_at = ? WHERE id = ?", (erased_at, user_id))


def set_profile(
    db: Sql,
    user_id: int,
    *,
    nickname: str,
    search_key: str,
    avatar_path: str | None,
    bio: str | None,
) -> None:
    """Replace what a user says of themselves."""
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
            AND (:query IS NULL OR instr(u.search_key, :query) > 0)
            AND (:is_ai IS NULL OR u.is_ai = :is_ai)
        ORDER BY u.id
        LIMIT :limit OFFSET :skip
        """,
        {"query": query, "is_ai": is_ai, "skip": skip, "limit": limit},
    )
    return [user_from_row(row) for row in rows]


def all_users(db: Sql) -> list[User]:
    """Return every account, the disabled ones too, by id."""
    return [user_from_row(row) for row in db.execute(f"SELECT {COLUMNS} FROM users AS u ORDER BY u.id")]


def acquaintances(db: Sql, user_id: int) -> set[int]:
    """Return the ids of all whom a user sees in a conversation, the user's own not among them."""
    return {row[0] for row in db.execute(ACQUAINTANCES, {"user_id": user_id})} - {user_id}


def audience(db: Sql, user_id: int) -> set[int]:
    """Return the ids of all who see a user in a conversation, the user's own among them.

    They are the same as the acquaintances, but for who has not seen anything yet of a conversation with the user.
    """
    rows = db.execute(
        f"""
        SELECT other.user_id
        FROM memberships AS mine
        JOIN conversations AS c ON c.id = mine.conversation_id
        JOIN memberships AS other ON other.conversation_id = c.id AND other.left_seq IS NULL
        WHERE mine.user_id = :user_id AND mine.left_seq IS NULL AND {is_there("other.user_id")}
        """,
        {"user_id": user_id},
    )
    return {row[0] for row in rows} | {user_id}


def insert_invite(db: Sql, code_hash: bytes, created_at: int) -> None:
    """Store an invitation."""
    db.execute("INSERT INTO invites (code_hash, created_at) VALUES (?, ?)", (code_hash, created_at))


def has_invite(db: Sql, code_hash: bytes) -> bool:
    """Tell whether an invitation can still be used."""
    query = "SELECT 1 FROM invites WHERE code_hash = ? AND used_at IS NULL"
    return db.execute(query, (code_hash,)).fetchone() is not None


def use_invite(db: Sql, code_hash: bytes, user_id: int, used_at: int) -> bool:
    """Use up an invitation; False where it is unknown or was used before."""
    cursor = db.execute(
        "UPDATE invites SET used_at = ?, used_by = ? WHERE code_hash = ? AND used_at IS NULL",
        (used_at, user_id, code_hash),
    )
    return cursor.rowcount == 1

"""What a message costs: the same statements however many members a group has, and a private one nothing more."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chatd.config import Groups as GroupSettings
from chatd.places import GroupPlace, Place, UserPlace
from chatd.services import Groups, editing
from chatd.services.posting import Post
from chatd.storage import groups
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.engine.sqlite.migrate import migrate
from tests.storage.support import traced

pytestmark = pytest.mark.sqlite  # its trace of statements

#: What a message writes: its own row, and the counts of its conversation and of its sender.
WRITTEN = ["INSERT INTO messages", "UPDATE conversations", "UPDATE memberships"]


def head(statement: str) -> str:
    """Return how a statement begins."""
    return " ".join(statement.split()[:3]).removesuffix(" SET")


async def opened(path: Path, members: int) -> Database:
    """Return a database with a group of some members, whose last is called "last"."""
    migrate(path)
    db = Database(Sqlite(path))
    await db.open()
    rooms = Groups(db, GroupSettings(), lambda: 1)

    def settle(tx: Transaction) -> None:
        for number in range(1, members + 1):
            name = "last" if number == members else f"person{number}"
            tx.db.execute(
                """
                INSERT INTO users (username, username_key, nickname, search_key, created_at)
                VALUES (:name, :name, :name, :name, 1)
                """,
                {"name": name},
            )
        tx.db.execute("INSERT INTO conversations (id, kind, name, created_at) VALUES (1, 'group', 'Chess', 1)")
        for number in range(1, members + 1):
            group = groups.find(tx.db, 1)
            assert group is not None
            rooms.enter(tx, group, number, role="owner" if number == 1 else "member", now=1)

    await db.write(settle)
    return db


async def costs(db: Database, *works: Any) -> list[list[str]]:
    """Return how the statements of each work begin, once everything is remembered."""
    statements: list[str] = []
    await db.write(traced(statements))
    found = []
    for work in works:
        statements.clear()
        await db.write(work)
        found.append([head(each) for each in statements])
    return found


def written(statements: Sequence[str]) -> list[str]:
    """Return those that write."""
    return [each for each in statements if each.split()[0] in ("INSERT", "UPDATE", "DELETE")]


def post(to: Place, content: str, reply_to: int | None = None) -> Post:
    """Return a message of the first person."""
    return Post(1, to, content, None, reply_to, None, 1)


async def test_a_private_message_costs_what_it_always_did(tmp_path: Path) -> None:
    db = await opened(tmp_path / "chatd.db", 3)
    first = (await db.write(post(UserPlace(2), "first"))).message.id
    _, plain, answer = await costs(
        db, post(UserPlace(2), "x"), post(UserPlace(2), "@last @all"), post(UserPlace(2), "x", first)
    )
    assert plain == ["BEGIN IMMEDIATE", "PRAGMA data_version", *WRITTEN, "COMMIT"]
    assert answer == ["BEGIN IMMEDIATE", "PRAGMA data_version", "SELECT m.id, m.conversation_id,", *WRITTEN, "COMMIT"]
    await db.close()


async def test_a_groups_message_does_not_know_the_number_of_members(tmp_path: Path) -> None:
    found = []
    for members in (3, 60):
        db = await opened(tmp_path / f"{members}.db", members)
        first = (await db.write(post(GroupPlace(1), "first"))).message.id

        def edit(tx: Transaction, message_id: int = first) -> Any:
            return editing.edit(tx, 1, message_id, "@last", now=1)

        def react(tx: Transaction, message_id: int = first) -> Any:
            return editing.react(tx, 1, message_id, "👍", True, now=1)

        found.append(
            await costs(
                db,
                post(GroupPlace(1), "warm"),
                post(GroupPlace(1), "x"),
                post(GroupPlace(1), "@last"),
                post(GroupPlace(1), "@all"),
                edit,
                react,
            )
        )
        await db.close()
    few, many = found
    assert few == many
    _, plain, naming, to_all, *_ = few
    assert plain == ["BEGIN IMMEDIATE", "PRAGMA data_version", *WRITTEN, "COMMIT"]
    assert written(naming) == [*WRITTEN, "INSERT INTO mentions"]
    assert written(to_all) == [*WRITTEN, "UPDATE messages"]

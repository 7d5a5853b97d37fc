"""What the writer remembers is never older than what is stored."""

import asyncio

import pytest

from chatd.errors import UserNotFound
from chatd.events import MessageCreated
from chatd.models import Posted
from chatd.places import GroupPlace, UserPlace
from chatd.services.posting import Post
from chatd.storage import stays
from chatd.storage.commit import Transaction, write_once
from chatd.storage.database import Database
from chatd.storage.stores import Store
from tests.engines import open_engine


@pytest.fixture
async def people(store: Store) -> Database:
    """A database with three people, not open yet."""
    columns = "username, username_key, nickname, search_key, created_at"

    def settle(tx: Transaction) -> None:
        for name in ("alice", "bobby", "carol"):
            tx.db.execute(f"INSERT INTO users ({columns}) VALUES (:name, :name, :name, :name, 1)", {"name": name})

    write_once(store, settle)
    return Database(open_engine(store))


def rename(tx: Transaction) -> None:
    """Give the first person another nickname."""
    tx.db.execute("UPDATE users SET nickname = 'Ally' WHERE id = 1")


async def nicknames(db: Database, count: int = 3) -> set[str]:
    """Post messages of the first person, and return what they call their sender."""
    posts = [Post(1, UserPlace(2 + at % 2), "x", None, None, None, at) for at in range(count)]
    posted: list[Posted] = await asyncio.gather(*(db.write(post) for post in posts))
    return {each.message.sender.nickname for each in posted}


async def test_a_changed_name_is_in_the_next_message(people: Database) -> None:
    await people.open()
    assert await nicknames(people) == {"alice"}
    await people.write(rename)
    assert await nicknames(people) == {"Ally"}
    await people.close()


async def test_what_another_process_changed_is_in_the_next_message(people: Database, store: Store) -> None:
    await people.open()
    assert await nicknames(people) == {"alice"}
    write_once(store, rename)
    assert await nicknames(people) == {"Ally"}
    await people.close()


async def test_a_conversation_whose_beginning_was_undone_is_begun_again(people: Database) -> None:
    await people.open()
    reply = Post(1, UserPlace(2), "x", None, 99, None, 1)  # to what is not there
    ordinary = [Post(1, UserPlace(2), "x", f"{at}", None, None, 1) for at in range(4)]
    outcomes = await asyncio.gather(*map(people.write, [*ordinary, reply]), return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == ["Posted"] * 4 + ["MessageNotFound"]
    found = await people.read(lambda db: db.execute("SELECT message_count FROM conversations").fetchall())
    assert found == [(4,)]
    await people.close()


async def test_a_full_memory_is_emptied(people: Database, store: Store) -> None:
    db = Database(open_engine(store), memory_limit=2)
    await db.open()
    for _ in range(3):
        assert await nicknames(db) == {"alice"}
    await db.close()


async def test_who_joined_or_left_a_group_is_known_to_its_next_message(people: Database) -> None:
    await people.open()
    told: list[tuple[int, ...]] = []
    people.subscribe(lambda event: told.append(event.recipients), MessageCreated)
    post = Post(1, GroupPlace(7), "x", None, None, None, 1)

    def make(tx: Transaction) -> None:
        tx.db.execute("INSERT INTO conversations (id, kind, name, created_at) VALUES (7, 'group', 'Chess', 1)")
        tx.db.execute("INSERT INTO memberships (conversation_id, user_id) VALUES (7, 1), (7, 2)")

    def join(tx: Transaction) -> None:
        tx.db.execute("INSERT INTO memberships (conversation_id, user_id) VALUES (7, 3)")

    def leave(tx: Transaction) -> None:
        stays.end(tx.db, 7, 2, 99)

    for work in (make, join, leave):
        await people.write(work)
        await people.write(post)
    assert told == [(1, 2), (1, 2, 3), (1, 3)]
    await people.close()


async def test_what_a_failed_work_did_to_a_user_is_not_remembered(people: Database) -> None:
    await people.open()

    def fail(tx: Transaction) -> None:
        rename(tx)
        raise UserNotFound

    failing, names = await asyncio.gather(people.write(fail), nicknames(people), return_exceptions=True)
    assert isinstance(failing, UserNotFound)
    assert names == {"alice"}
    await people.close()

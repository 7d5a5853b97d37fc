"""What the writer remembers is never older than what is stored."""

import asyncio

import pytest

from chatd.errors import UserNotFound
from chatd.events import MessageCreated
from chatd.models import Posted, Stay
from chatd.places import GroupPlace, UserPlace
from chatd.services.posting import Post
from chatd.storage import change_log, circles, stays
from chatd.storage.circles import Circle
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


def logged(tx: Transaction, group_id: int, user_id: int) -> int:
    """Log that something has become of a member, as everything that changes one does."""
    return change_log.append(tx.db, "membership", conversation_id=group_id, user_id=user_id, created_at=1)


def come(tx: Transaction, group_id: int, user_id: int) -> None:
    """Let somebody into a group."""
    seq = logged(tx, group_id, user_id)
    stays.begin(tx.db, Stay(group_id, user_id, "member", 1, seq), seq=seq)


async def test_what_is_known_of_groups_follows_whatever_changes_them(people: Database) -> None:
    """After each step it is what a memory knows that has just read it."""
    await people.open()
    columns = "id, kind, name, created_at"

    def make(tx: Transaction) -> None:
        tx.db.execute(f"INSERT INTO conversations ({columns}) VALUES (7, 'group', 'a', 1), (8, 'group', 'b', 1)")
        for group_id, user_id in ((7, 2), (8, 1), (8, 3)):
            come(tx, group_id, user_id)

    def promote(tx: Transaction) -> None:
        logged(tx, 7, 2)
        stays.set_role(tx.db, 7, 2, "admin")

    def leave(tx: Transaction) -> None:
        stays.end(tx.db, 8, 3, logged(tx, 8, 3))
        logged(tx, 8, 1)
        stays.set_role(tx.db, 8, 1, "owner")

    def forbid(tx: Transaction) -> None:
        logged(tx, 7, 2)
        tx.db.execute("UPDATE conversations SET post_rule = 'admin' WHERE id = 7")

    def enlarge(tx: Transaction) -> None:
        tx.db.execute("UPDATE conversations SET member_count = :most WHERE id = 7", {"most": stays.LARGE_ABOVE})
        come(tx, 7, 1)

    def end(tx: Transaction) -> None:
        seq = change_log.append(tx.db, "group_ended", conversation_id=8, created_at=1)
        stays.end_all(tx.db, 8, seq)

    def known(tx: Transaction) -> tuple[Circle | None, Circle | None]:
        return tx.circle(7), tx.circle(8)

    def stored(tx: Transaction) -> dict[int, Circle]:
        return circles.load(tx.db, [7, 8])

    for step in (make, promote, lambda tx: come(tx, 7, 3), forbid, leave, enlarge, end):
        await people.write(known)
        await people.write(step)
        now, there = await people.write(known), await people.write(stored)
        assert [described(each) for each in now] == [described(there.get(group_id)) for group_id in (7, 8)]
    await people.close()


def described(circle: Circle | None) -> object:
    """Return all that a circle says of three people."""
    if circle is None:
        return None
    each = [(it, circle.may_post(it), circle.shows(1, it), circle.shows(5, it)) for it in circle.members]
    return circle.members, circle.admins, circle.is_large, circle.seeing(3), each


async def test_what_a_failed_work_did_to_a_user_is_not_remembered(people: Database) -> None:
    await people.open()

    def fail(tx: Transaction) -> None:
        rename(tx)
        raise UserNotFound

    failing, names = await asyncio.gather(people.write(fail), nicknames(people), return_exceptions=True)
    assert isinstance(failing, UserNotFound)
    assert names == {"alice"}
    await people.close()

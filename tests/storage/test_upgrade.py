"""From the first released schema through every migration: nothing that anybody has stored is lost or changed."""

import contextlib
import hashlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chatd import clock
from chatd.config import Limits
from chatd.errors import ResyncNeeded
from chatd.events import MessageCreated, ReadMarkerMoved
from chatd.places import UserPlace
from chatd.services import Messages, accounts
from chatd.services.sync import Sync
from chatd.storage import change_log, messages, overviews, users
from chatd.storage.database import Database
from chatd.storage.engine.migrations import load_migrations
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.engine.sqlite.migrate import migrate, migrations_directory
from chatd.storage.engine.sqlite.restore import Lost, copy_before_upgrade, restore
from chatd.storage.engine.sqlite.sql import Connection

#: The migrations that have been released, by what is in them: they never change again.
RELEASED = {"0001_initial.sql": "15837dc62219bf94be5d7fae079d53d6ea87971571f9493e5807276eb3ec3bd7"}

#: Two people who have spoken, a bot, a group, and one row or more in every table.
DATA = """
INSERT INTO users (id, username, username_key, nickname, search_key, avatar_path, bio, is_ai, role, password_hash,
                   created_at, disabled_at) VALUES
    (1, 'Ada', 'ada', 'Ada', 'ada', '/files/avatars/a.webp', 'engines', 0, 'admin', '$argon2id$', 10, NULL),
    (2, 'grace', 'grace', '格蕾丝', 'grace', NULL, NULL, 0, 'member', '$argon2id$', 11, NULL),
    (3, 'weather', 'weather', 'Weather', 'weather', NULL, NULL, 1, 'member', NULL, 12, 99);
INSERT INTO sessions VALUES (1, 1, 'Firefox', '127.0.0.1', 20, 21, 9999999999999);
INSERT INTO invites VALUES (x'00ff', 30, 31, 2), (x'01', 32, NULL, NULL);
INSERT INTO avatars VALUES (1, 'a.webp', 1, x'52494646', 40);
INSERT INTO conversations (id, kind, low_user_id, high_user_id, name, created_at, message_count, last_message_id) VALUES
    (1, 'private', 1, 2, NULL, 50, 3, 3), (2, 'group', NULL, NULL, 'Chess', 51, 1, 4);
INSERT INTO memberships VALUES
    (1, 1, 'member', 0, NULL, 3, 2, 1), (1, 2, 'member', 0, NULL, 1, 1, 1),
    (2, 1, 'owner', 0, NULL, 0, 0, 0), (2, 2, 'member', 3, 9, 0, 0, 0), (2, 2, 'member', 10, NULL, 4, 1, 0);
INSERT INTO messages VALUES
    (1, 1, 1, 'hello', 'c1', NULL, NULL, 60, NULL, NULL), (2, 1, 2, 'now', 'c1', x'ab', 1, 61, 62, NULL),
    (3, 1, 1, '', NULL, NULL, NULL, 63, NULL, 64), (4, 2, 2, 'e4', NULL, NULL, NULL, 65, NULL, NULL);
INSERT INTO reactions VALUES (1, '👍', 2), (2, '💚', 1);
INSERT INTO change_log VALUES
    (1, 'message', 1, 1, 1, NULL, 60), (2, 'message', 1, 2, 2, NULL, 61), (3, 'edit', 1, 2, 2, NULL, 62),
    (4, 'message', 1, 1, 3, NULL, 63), (5, 'delete', 1, 1, 3, NULL, 64), (6, 'profile', NULL, 1, NULL, NULL, 70),
    (7, 'reaction', 1, 2, 1, '{"emoji": "👍", "on": true}', 71), (8, 'read', 1, 2, 1, NULL, 72),
    (9, 'membership', 2, 2, NULL, '{"role": null}', 73), (10, 'membership', 2, 2, NULL, '{"role": "member"}', 74),
    (11, 'message', 2, 2, 4, NULL, 75);
UPDATE health SET checked_at = 80;
"""

#: The newest seq there.
HEAD = 11


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database as the first release left it."""
    first = tmp_path / "first"
    first.mkdir()
    shutil.copy(migrations_directory() / "0001_initial.sql", first)
    path = tmp_path / "chatd.db"
    assert migrate(path, first) == 1
    with contextlib.closing(sqlite3.connect(path, factory=Connection)) as db:
        db.execute("PRAGMA foreign_keys = ON")
        db.executescript(f"BEGIN; {DATA} COMMIT;")
    return path


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    """Open a database for a while."""
    db = Database(Sqlite(path))
    await db.open()
    try:
        yield db
    finally:
        await db.close()


def dump(path: Path, columns: dict[str, list[str]] | None = None) -> tuple[dict[str, list[str]], dict[str, list[Any]]]:
    """Return the columns and the rows of every table.

    :param columns: only these.
    """
    with contextlib.closing(sqlite3.connect(path, factory=Connection)) as db:
        if columns is None:
            query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_stat1'"
            columns = {
                table: [row[1] for row in db.execute(f"PRAGMA table_info({table})")] for (table,) in db.execute(query)
            }
        rows = {
            table: sorted(db.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall(), key=repr)
            for table, names in columns.items()
        }
    return columns, rows


def test_every_row_of_the_first_release_but_the_logs_is_there_after_every_migration(old: Path) -> None:
    columns, before = dump(old)
    assert all(before.values()), "a table of the first release has no row in this test"
    assert migrate(old) == len(load_migrations(migrations_directory())) > 1
    _, after = dump(old, columns)
    added = [row for row in after["sqlite_sequence"] if row not in before["sqlite_sequence"]]
    assert all(seq == 0 for _, seq in added)
    after["sqlite_sequence"] = [row for row in after["sqlite_sequence"] if row not in added]
    # The log is pruned up to its head, and messages have their numbers from there on.
    ((number, epoch, _),) = before["change_log_state"]
    before |= {"change_log": [], "change_log_state": [(number, epoch, HEAD)]}
    before["sqlite_sequence"] = [row for row in before["sqlite_sequence"] if row[0] not in ("change_log", "messages")]
    assert after == before
    with contextlib.closing(sqlite3.connect(old, factory=Connection)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_people_see_what_they_saw_before_the_upgrade_but_nothing_that_was_taken_back(old: Path) -> None:
    migrate(old)
    with contextlib.closing(sqlite3.connect(old, factory=Connection)) as db:
        ada, grace = (overviews.private_overviews(db, user)[0] for user in (1, 2))
        assert (ada.user.nickname, ada.last_message.id, ada.unread_count) == ("格蕾丝", 2, 0)
        assert (grace.user.nickname, grace.last_message.id, grace.unread_count) == ("Ada", 2, 0)
        assert [each.conversation.id for each in overviews.states(db, 2, before=None, limit=9)] == [2, 1]
        said = messages.before(db, 1, None, 9, viewer=2)
        assert [(each.content, each.is_read, each.reply_to, len(each.reactions)) for each in said] == [
            ("hello", True, None, 1),
            ("now", True, 1, 1),
            ("", False, None, 0),
        ]
        assert (change_log.head(db), change_log.pruned_up_to(db)) == (HEAD, HEAD)
        assert change_log.visible(db, 2, since=HEAD, up_to=99, limit=99) == []
        assert users.acquaintances(db, 1) == {2}
        assert users.to_erase(db) == []


def test_what_was_hidden_stays_hidden_through_the_upgrade(old: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    for name in ("0001_initial.sql", "0002_trust.sql"):
        shutil.copy(migrations_directory() / name, second)
    assert migrate(old, second) == 2
    with contextlib.closing(sqlite3.connect(old, factory=Connection)) as db, db:
        db.execute("UPDATE messages SET hidden_from = 1 WHERE id = 2")
    migrate(old)
    with contextlib.closing(sqlite3.connect(old, factory=Connection)) as db:
        for viewer, seen in ((1, [1, 3]), (2, [1, 2, 3])):
            assert [each.id for each in messages.before(db, 1, None, 9, viewer=viewer)] == seen


@pytest.mark.parametrize("pruned", [0, 4, HEAD])
async def test_an_upgraded_log_goes_on_behind_its_old_end_and_reaches_back_no_further(old: Path, pruned: int) -> None:
    with contextlib.closing(sqlite3.connect(old, factory=Connection)) as before, before:
        before.execute("DELETE FROM change_log WHERE seq <= ?", (pruned,))
        before.execute("UPDATE change_log_state SET pruned_seq = ?", (pruned,))
    migrate(old)
    async with opened(old) as db:
        chatting, changes = Messages(db, Limits(), clock.now), Sync(db, clock.now, 30)
        epoch = await db.read(change_log.epoch)
        said = await chatting.post(1, UserPlace(2), "after")
        assert (said.seq, said.message.id) == (HEAD + 1, HEAD + 1)
        await chatting.mark_read(2, 1)
        answer = await chatting.post(2, UserPlace(1), "the answer")
        assert (answer.seq, answer.message.id) == (HEAD + 3, HEAD + 3)
        for reader in (1, 2):
            replay = await changes.replay(reader, epoch=epoch, since=HEAD, limit=99)
            first, read, second = replay.events
            assert [event.seq for event in replay.events] == [HEAD + 1, HEAD + 2, HEAD + 3]
            assert isinstance(first, MessageCreated)
            assert (first.message.id, first.message.content) == (HEAD + 1, "after")
            assert isinstance(read, ReadMarkerMoved)
            assert (read.reader_id, read.up_to) == (2, HEAD + 1)
            assert isinstance(second, MessageCreated)
            assert (second.message.id, second.message.content) == (HEAD + 3, "the answer")
        for since in (0, 4, HEAD - 1):
            with pytest.raises(ResyncNeeded):
                await changes.replay(2, epoch=epoch, since=since, limit=99)


@pytest.mark.parametrize("is_pruned", [False, True])
async def test_going_back_behind_the_upgrade_loses_what_was_written_since_and_says_so(
    old: Path, tmp_path: Path, is_pruned: bool
) -> None:
    migrate(old)
    copy = copy_before_upgrade(old)
    async with opened(old) as db:
        chatting = Messages(db, Limits(), clock.now)
        await chatting.post(1, UserPlace(2), "after")
        await chatting.post(1, UserPlace(2), "and after")
        await chatting.mark_read(2, 1)
        await db.write(lambda tx: accounts.create(tx, "newcomer", "Newcomer", None, now=1))
        if is_pruned:
            assert await db.write(lambda tx: change_log.prune(tx.db, before=2**60, limit=99)) == 3
    assert restore(old, copy, aside=tmp_path / "aside.db", upgrade=False) == Lost(messages=2, accounts=1, changes=3)


def test_going_back_right_after_the_upgrade_loses_nothing(old: Path, tmp_path: Path) -> None:
    migrate(old)
    lost = restore(old, copy_before_upgrade(old), aside=tmp_path / "aside.db", upgrade=False)
    assert lost == Lost(messages=0, accounts=0, changes=0)


def test_a_released_migration_never_changes() -> None:
    for name, digest in RELEASED.items():
        assert hashlib.sha256((migrations_directory() / name).read_bytes()).hexdigest() == digest, name

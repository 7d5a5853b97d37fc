"""At a hundred thousand rows, no statement of PostgreSQL's reads a table to find a few of its rows.

The plans are those that are really executed, as PostgreSQL reports them: with the settings of a reader and of the
writer, with the plans that are cached after some executions, and with what its own checks of references do.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

import psycopg
import pytest

from chatd.places import UserPlace
from chatd.services.posting import Post
from chatd.storage import change_log, overviews
from chatd.storage import messages as history
from chatd.storage.commit import commit
from chatd.storage.engine import LARGEST
from chatd.storage.engine.postgresql.beside import reader
from chatd.storage.engine.postgresql.sql import Connection
from chatd.storage.engine.postgresql.writer import Writer
from chatd.storage.memory import Memory
from tests.postgresql import Cluster
from tests.storage.statements import VALUES, call, functions, settle

#: How many rows the long tables have; people are fewer.
ROWS, PEOPLE = 100_000, 2_000

#: How many rows a statement may look at in one table: all people, who are asked for now and then, but of what they have
#: said not a fortieth.
MOST = 2_500

#: What keeps PostgreSQL from looking through the whole key.
_WITHOUT_KEY = "ALTER TABLE memberships DROP CONSTRAINT memberships_pkey"

#: Where a sync begins: at the start, among the messages, among the changes, and at the end.
_PLACES = (0, ROWS // 2, 3 * ROWS // 2, 2 * ROWS)

#: What reads everything, once after an upgrade.
_ONCE = {"old_reactions.rename", "old_reactions.signs"}

#: What reads everything for whoever runs the server, and what looks at all members of a group, and so perhaps at all
#: people.
_OF_ALL = {"groups.all_groups", "stays.successor"}

#: People who write to each other in pairs, with what they have said and changed, beside the few of :func:`settle`.
_MUCH = f"""
    SET session_replication_role = replica;
    INSERT INTO users (id, username, username_key, nickname, search_key, created_at)
    SELECT n, 'person' || n, 'person' || n, 'Person', 'person' || n, 1 FROM generate_series(10, {PEOPLE}) AS n;
    INSERT INTO conversations (id, kind, low_user_id, high_user_id, created_at, message_count, last_message_id)
    SELECT n, 'private', 10 + n % {PEOPLE - 20}, 11 + n % {PEOPLE - 20} + n / {PEOPLE - 20}, 1, 20, n * 20
    FROM generate_series(10, {ROWS // 20}) AS n;
    INSERT INTO memberships (conversation_id, user_id)
    SELECT id, unnest(ARRAY [low_user_id, high_user_id]) FROM conversations WHERE id >= 10;
    INSERT INTO conversations (id, kind, name, created_at, message_count, last_message_id)
    SELECT {ROWS} + n, 'group', 'Group', 1, 0, NULL FROM generate_series(1, 50) AS n;
    INSERT INTO memberships (conversation_id, user_id)
    SELECT {ROWS} + 1 + n % 50, 10 + n FROM generate_series(1, {PEOPLE - 20}) AS n;
    INSERT INTO messages (id, conversation_id, sender_id, content, client_id, created_at, deleted_at, reply_to_id)
    SELECT n, c.id, CASE WHEN n % 2 = 0 THEN c.low_user_id ELSE c.high_user_id END, 'some words', 'c' || n, n,
        CASE WHEN n % 50 = 0 THEN 1 END, CASE WHEN n % 10 = 0 THEN n - 1 END
    FROM generate_series(200, {ROWS}) AS n JOIN conversations AS c ON c.id = n / 20;
    INSERT INTO change_log (seq, kind, conversation_id, user_id, message_id, created_at)
    SELECT {ROWS} + n, 'edit', m.conversation_id, m.sender_id, m.id, {ROWS} + n
    FROM generate_series(200, {ROWS}) AS n JOIN messages AS m ON m.id = n WHERE n % 10 > 0;
    INSERT INTO change_log (seq, kind, user_id, created_at)
    SELECT {ROWS} + n, 'profile', 10 + n / 10 % {PEOPLE - 20}, {ROWS} + n
    FROM generate_series(200, {ROWS}) AS n WHERE n % 10 = 0;
    INSERT INTO reactions (message_id, emoji, user_id) SELECT id, '👍', sender_id FROM messages WHERE id % 2 = 0;
    INSERT INTO sessions (user_id, device, address, created_at, last_seen_at, expires_at)
    SELECT 10 + n % {PEOPLE - 20}, 'test', '127.0.0.1', 1, 1, {ROWS} FROM generate_series(1, 10000) AS n;
    INSERT INTO blocks (blocker_id, blocked_id, created_at)
    SELECT 10 + n % {PEOPLE - 30}, 12 + n % {PEOPLE - 30} + n / {PEOPLE - 30}, 1 FROM generate_series(1, 8000) AS n;
    INSERT INTO shown_versions (user_id, message_id, content)
    SELECT sender_id, id, 'before' FROM messages WHERE id % 20 = 0;
    INSERT INTO commits (number, token, writer) SELECT n, '', 'another' FROM generate_series(1, 10000) AS n;
    SELECT setval(pg_get_serial_sequence('conversations', 'id'), {2 * ROWS});
    SET session_replication_role = origin;
    ANALYZE
"""

_REPORT = (
    "LOAD 'auto_explain'; SET client_min_messages = notice; SET auto_explain.log_level = notice;"
    "SET auto_explain.log_min_duration = 0; SET auto_explain.log_format = json; SET auto_explain.log_analyze = on;"
    "SET auto_explain.log_timing = off; SET auto_explain.log_nested_statements = on"
)


class Scan(NamedTuple):
    """What a plan does with a table."""

    table: str
    how: str
    #: How many rows it looked at.
    rows: int

    @property
    def is_long(self) -> bool:
        """Whether it reads what nobody asked for."""
        return self.rows > (1 if self.how == "Seq Scan" else MOST)


class Watched:
    """A connection whose plans are reported."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self._scans: list[Scan] = []
        db.open()
        assert db.raw is not None
        db.raw.add_notice_handler(self._heed)
        for statement in _REPORT.split(";"):
            db.execute(statement)
        db.settle()
        self._scans.clear()

    def scans(self, work: Callable[[Connection], object]) -> list[Scan]:
        """Do something, and return what it does with large tables."""
        self._scans.clear()
        work(self.db)
        self.db.execute("SELECT 1").fetchall()  # a plan is reported as the next statement takes its place
        self.db.settle()
        return [each for each in self._scans if each.table in LARGE]

    def _heed(self, notice: psycopg.errors.Diagnostic) -> None:
        _, found, plan = (notice.message_primary or "").partition("plan:\n")
        if found:
            self._scans += _scans(json.loads(plan)["Plan"])


#: Arguments that find one of many people, and something in the middle of what they have said.
_ONE_OF_MANY = {
    **VALUES,
    **dict.fromkeys(("user_id", "viewer", "member_id", "owner_id", "reporter_id", "blocker_id", "sender_id"), 1_000),
    **dict.fromkeys(("other_id", "blocked_id", "hidden", "hidden_from"), 1_001),
    "conversation_id": 990,
    "group_id": ROWS + 1,
    "group_ids": [ROWS + 1, ROWS + 2],
    "message_id": 19_801,
    "ids": [19_801, 19_802, 900],
    "message_ids": [19_801, 19_802, 900],
    "pairs": [(1_000, 1_001), (17, 18)],
    "keys": ["person1000"],
    "key": "person1000",
    "query": "person100",
    "session_id": 990,
    "seen": [(990, 1)],
    "seq": ROWS + 50_001,
    "since": ROWS + 50_000,
    "wanted": [(1_000, "c19800"), (1_000, "none")],
    "posts.insert.rows": [(3 * ROWS, 990, 1_000, "hello", None, 1, None, None)],
    "posts.insert.hidden": [],
    "posts.begin_private.other_id": 555,
    "visibility.hide_messages.hidden": [(19_801, 1_000)],
    "users.get_by_key.keys": "person1000",
    "users.set_keys.rows": [("x", "x", 1_000)],
    "visibility.hide_reaction.viewer": 1_001,
}

#: Tables of which a statement reads a few rows; the others have few.
LARGE = frozenset(
    {
        *("messages", "memberships", "change_log", "reactions", "conversations", "users", "sessions", "blocks"),
        *("shown_versions", "commits"),
    }
)


def _scans(node: dict[str, Any]) -> Iterator[Scan]:
    if "Relation Name" in node and node["Node Type"] != "ModifyTable":
        rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
        yield Scan(node["Relation Name"], node["Node Type"], round(rows * node["Actual Loops"]))
    for child in node.get("Plans", ()):
        yield from _scans(child)


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    """A database with a hundred thousand messages and as many changes."""
    url = cluster.database()
    with closing(Writer(url, "test")) as db:
        db.begin()
        settle(db)
        db.commit()
    with closing(psycopg.connect(url)) as raw:
        raw.execute(_MUCH)
        raw.commit()
    yield url
    cluster.drop(url)


@pytest.fixture
def reading(url: str) -> Iterator[Watched]:
    """A reader."""
    with closing(reader(url)) as db:
        yield Watched(db)


@pytest.fixture
def writing(url: str) -> Iterator[Watched]:
    """The writer."""
    with closing(Writer(url, "test")) as db:
        yield Watched(db)


@pytest.mark.parametrize("values", [VALUES, _ONE_OF_MANY], ids=["few", "many"])
@pytest.mark.parametrize("kind", ["reading", "writing"])
def test_every_statement_finds_what_it_reads_by_an_index(
    kind: str, values: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    watched = request.getfixturevalue(kind)
    long = {}
    watched.db.execute("BEGIN")
    for function in functions():
        scans = watched.scans(partial(call, function=function, values=values))
        if found := [each for each in scans if each.is_long]:
            long[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = found
    watched.db.execute("ROLLBACK")
    assert long.keys() - _OF_ALL == _ONCE, long


def test_a_page_of_each_kind_is_found_by_an_index_from_wherever_it_begins(reading: Watched) -> None:
    works: list[Callable[[Connection], object]] = [
        *(partial(change_log.visible, user_id=1_000, since=since, up_to=LARGEST, limit=500) for since in _PLACES),
        *(
            partial(history.before, conversation_id=990, message_id=before, limit=50, viewer=1_000)
            for before in (None, 19_801, 1)
        ),
        *(partial(overviews.states, user_id=1_000, before=before, limit=50) for before in (None, 19_801)),
        partial(overviews.private_overviews, user_id=1_000),
        partial(overviews.private_unread, user_id=1_000),
    ]
    for work in works:
        scans = reading.scans(work)
        assert {each.table for each in scans} >= {"messages"}
        assert not [each for each in scans if each.is_long], work


def test_the_writer_finds_by_an_index_what_a_batch_needs_and_does_so_with_cached_plans(writing: Watched) -> None:
    db = writing.db
    assert isinstance(db, Writer)
    memory = Memory(db)

    def batch(number: int) -> None:
        posts = []
        for at in range(64):
            conversation = 100 + number * 64 + at  # see _MUCH: its two people, and one of its messages
            sender, receiver = 10 + conversation, 11 + conversation
            reply_to = conversation * 20 + 1 if at % 8 == 0 else None
            posts.append(Post(sender, UserPlace(receiver), "hello", f"new-{number}-{at}", reply_to, None, 1))
        committed = commit(db, memory, posts)
        assert not [outcome.error for outcome in committed.outcomes if outcome.error]

    for number in range(10):
        scans = writing.scans(lambda _: batch(number))  # noqa: B023
        assert {each.table for each in scans} >= {"messages", "conversations", "commits", "users"}
        assert not [each for each in scans if each.is_long], number


def test_without_an_index_this_is_seen(reading: Watched) -> None:
    works: dict[str, Callable[[Connection], object]] = {
        "DROP INDEX messages_by_conversation": partial(
            history.before, conversation_id=990, message_id=None, limit=50, viewer=1_000
        ),
        f"DROP INDEX memberships_by_user, memberships_current; {_WITHOUT_KEY}": partial(
            overviews.private_unread, user_id=1_000
        ),
    }
    for change, work in works.items():
        reading.db.execute("BEGIN")
        for statement in change.split("; "):
            reading.db.execute(statement)
        found = reading.scans(work)
        assert [each for each in found if each.is_long], found
        reading.db.execute("ROLLBACK")

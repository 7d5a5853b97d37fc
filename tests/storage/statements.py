"""Every statement of the nouns in ``chatd/storage``, as it is executed.

Each function there that takes a connection is called once with each of its arguments from :data:`VALUES`; what it
executes is recorded with the place it is executed at. Nothing is kept: each call is undone.
"""

import ast
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import chatd.storage
from chatd.models import Group, Stay
from chatd.storage.circles import Circle

#: Where transactions are run and connections are made. Their statements are an engine's own: see
#: :mod:`chatd.storage.engine.sqlite`. What several processes share has no tables in SQLite.
MACHINERY = {"commit", "database", "memory", "engine", "cluster"}

#: The people and messages of :func:`settle`: 1 and 2 talk in conversation 1, where 1 blocks 2, and in the group 2.
ALICE, BOBBY, CAROL = 1, 2, 3

#: Arguments by their names; by function and name where another function takes another.
VALUES: dict[str, Any] = {
    "action_id": 3,
    "active": False,
    "actor_id": ALICE,
    "address": "127.0.0.1",
    "admins_only": False,
    "after": 0,
    "approval": False,
    "at": 1,
    "avatar_path": None,
    "before": 2**62,
    "bio": None,
    "blocked_id": CAROL,
    "blocker_id": ALICE,
    "but": None,
    "by": ALICE,
    "changed": [(2, ALICE)],
    "client_id": "one",
    "code_hash": b"code",
    "content": "hello",
    "conversation_id": 1,
    "created_at": 1,
    "data": None,
    "deleted_at": 1,
    "description": None,
    "device": "test",
    "disabled_at": 1,
    "edited_at": 1,
    "emoji": "👍",
    "ended": 1,
    "erased_at": 1,
    "expires_at": 1,
    "filename": "a.png",
    "first_digest": b"digest",
    "first_id": 1,
    "from_id": BOBBY,
    "group": Group(2, "Chess", None, None, False, None, None, "member", "member", 2, False, 1),
    "group_id": 2,
    "group_ids": [2],
    "hidden": CAROL,
    "hidden_from": ALICE,
    "ids": [1, 2, 3],
    "invite_id": 1,
    "invite_rule": "member",
    "is_ai": False,
    "is_public": False,
    "keep": 1,
    "key": "👌",
    "keys": ["alice"],
    "kind": "edit",
    "known": {2: Circle(2, "member", {ALICE: ("member", 1)})},
    "last_id": 2**62,
    "limit": 10,
    "made_as": None,
    "made_by": ALICE,
    "made_seq": 1,
    "max_uses": None,
    "next_id": None,
    "member_id": ALICE,
    "message_id": 2,
    "names": [(2, "alice")],
    "note": None,
    "notify": "none",
    "muted_until": None,
    "message_ids": [1, 2, 3],
    "name": "push",
    "nickname": "Alice",
    "now": 1,
    "only_for": None,
    "other_id": BOBBY,
    "owner_id": ALICE,
    "pairs": [(ALICE, BOBBY)],
    "password_hash": None,
    "part": "pinned",
    "pin_rule": "member",
    "post_rule": "member",
    "prefix": "/avatars/",
    "query": "ali",
    "removed": 1,
    "reason": "spam",
    "report_id": 1,
    "reporter_id": ALICE,
    "resolved_at": 1,
    "role": "member",
    "root": 1,
    "search_key": "alice",
    "seen": [(1, 1)],
    "sent_at": 1,
    "to_all": [3],
    "sender_id": ALICE,
    "seq": 2,
    "session_id": 1,
    "since": 0,
    "skip": 0,
    "slow_seconds": 0,
    "stay": Stay(2, CAROL, "member", 1, 1),
    "stay_seq": 1,
    "to_id": None,
    "until": None,
    "up_to": 2**62,
    "used_at": 1,
    "uses": 1,
    "user_id": ALICE,
    "user_ids": [ALICE, BOBBY],
    "username": "dora",
    "username_key": "dora",
    "value": "hash",
    "via": None,
    "viewer": ALICE,
    "wanted": [(ALICE, "one")],
    "actions.set_values.after": "{}",
    "actions.set_values.before": "{}",
    "settings.put.content": None,
    "avatars.insert.content": b"picture",
    "avatars.insert.filename": "b.png",
    "group_invites.insert.code_hash": b"another",
    "groups.insert.name": "Chess",
    "mentions.insert.rows": [(3, BOBBY, 2, 0)],
    "posts.begin_private.other_id": CAROL,
    "posts.note_sent.rows": [(2, ALICE, 1)],
    "posts.insert.hidden": [(9, ALICE)],
    "posts.insert.rows": [(8, 1, BOBBY, "hello", None, 1, None, None), (9, 1, BOBBY, "hello", None, 1, 2, 2)],
    "reactions.made_by.after": (0, ""),
    "users.get_by_key.keys": "alice",
    "removals.bounds.since": 1,
    "stays.resume.role": "member",
    "stays.resume.user_id": CAROL,
    "users.set_keys.made_by": "this rule",
    "users.set_keys.rows": [("alice", "alice", ALICE)],
    "visibility.hide_messages.hidden": [(2, BOBBY)],
    "visibility.hide_reaction.viewer": CAROL,
}


_A_LITTLE = """
    INSERT INTO users (username, username_key, nickname, search_key, created_at) VALUES
        ('alice', 'alice', 'Alice', 'alice', 1), ('bobby', 'bobby', 'Bobby', 'bobby', 1),
        ('carol', 'carol', 'Carol', 'carol', 1);
    INSERT INTO conversations (kind, low_user_id, high_user_id, name, created_at, message_count, hidden_from_low)
    VALUES ('private', 1, 2, NULL, 1, 2, 1), ('group', NULL, NULL, 'Friends', 1, 1, 0);
    INSERT INTO actions (id, conversation_id, kind, actor_id, user_id, created_at, todo, undone_by)
    VALUES (3, 2, 'ban', 1, 3, 1, 'undo', 1);
    INSERT INTO invitations (conversation_id, user_id, from_id, created_at) VALUES (2, 3, 1, 1);
    INSERT INTO join_requests (conversation_id, user_id, created_at) VALUES (2, 3, 1);
    INSERT INTO memberships (conversation_id, user_id) VALUES (1, 1), (1, 2), (2, 1), (2, 2);
    INSERT INTO messages (id, conversation_id, sender_id, content, client_id, created_at, hidden_from) VALUES
        (1, 1, 2, 'hidden', NULL, 1, 1), (2, 1, 1, 'hello', 'one', 1, NULL), (3, 2, 1, 'hello', NULL, 1, NULL);
    INSERT INTO reactions (message_id, emoji, user_id) VALUES (2, '👍', 2);
    INSERT INTO change_log (seq, kind, conversation_id, user_id, message_id, created_at)
    VALUES (4, 'edit', 1, 1, 2, 1), (5, 'profile', NULL, 2, NULL, 1);
    INSERT INTO reports (reporter_id, message_id, reason, content, created_at) VALUES (1, 2, 'rude', 'hello', 1);
    INSERT INTO sessions (user_id, device, address, created_at, last_seen_at, expires_at)
    VALUES (1, 'test', '127.0.0.1', 1, 1, 2);
    INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES (1, 2, 1)
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, and the function that executes it, as ``module.function``."""

    sql: str
    function: str


class Recorder:
    """A connection that records what it is told to execute."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.statements: list[Statement] = []
        self.places: set[tuple[str, int]] = set()

    def execute(self, sql: str, values: Any = ()) -> Any:
        self._record(sql, sys._getframe(1))
        return self._db.execute(sql, values)

    def executemany(self, sql: str, values: Any) -> Any:
        self._record(sql, sys._getframe(1))
        return self._db.executemany(sql, values)

    def select_pairs(self, sql: str, pairs: Any) -> Any:
        self._record(f"WITH pair (one, two) AS (VALUES (1, 2)) {sql}", sys._getframe(1))
        return self._db.select_pairs(sql, pairs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def _record(self, sql: str, frame: FrameType) -> None:
        path = Path(frame.f_code.co_filename)
        self.places.add((path.name, frame.f_lineno))
        self.statements.append(Statement(sql, f"{path.stem}.{frame.f_code.co_name}"))


def modules() -> list[str]:
    """Return the names of the nouns' modules."""
    return sorted({each.name for each in pkgutil.iter_modules(chatd.storage.__path__)} - MACHINERY)


def functions() -> Iterator[Callable[..., Any]]:
    """Yield every function of the nouns that takes a connection."""
    for name in modules():
        module = importlib.import_module(f"chatd.storage.{name}")
        for function in vars(module).values():
            if inspect.isfunction(function) and function.__module__ == module.__name__:
                parameters = list(inspect.signature(function).parameters)
                if parameters[:1] == ["db"] and not function.__name__.startswith("_"):
                    yield function


def call(db: Any, function: Callable[..., Any], values: Mapping[str, Any] = VALUES) -> None:
    """Call a function and undo what it has written.

    :param values: its arguments, by their names.
    """
    noun = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    args, kwargs = [], {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        own = f"{noun}.{parameter.name}"
        assert own in values or parameter.name in values, f"say in VALUES what to call {noun} with: {parameter.name}"
        value = values.get(own, values.get(parameter.name))
        if parameter.kind is parameter.KEYWORD_ONLY:
            kwargs[parameter.name] = value
        else:
            args.append(value)
    db.execute("SAVEPOINT call")
    try:
        function(db, *args, **kwargs)
    finally:
        db.execute("ROLLBACK TO call")
        db.execute("RELEASE call")


def settle(db: Any) -> None:
    """Store a little of everything."""
    for statement in _A_LITTLE.split(";\n"):
        db.execute(statement)
    avatar = "INSERT INTO avatars (filename, owner_id, content, created_at) VALUES ('a.png', 1, :content, 1)"
    db.execute(avatar, {"content": b"picture"})
    invite = "INSERT INTO group_invites (conversation_id, code_hash, made_by, made_seq, created_at)"
    db.execute(f"{invite} VALUES (2, :code, 1, 1, 1)", {"code": b"code"})


def places() -> dict[tuple[str, int], range]:
    """Return where the nouns execute statements: the file and first line of each, and all its lines."""
    paths = [Path(str(importlib.import_module(f"chatd.storage.{name}").__file__)) for name in modules()]
    return {(path.name, first): lines for path in paths for first, lines in executions(path).items()}


def executions(path: Path) -> dict[int, range]:
    """Return where a file executes statements: the first line of each, and all its lines."""
    return {
        node.lineno: range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("execute", "executemany", "select_pairs")
    }

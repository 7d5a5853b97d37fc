"""Every statement is in the dialect that SQLite and PostgreSQL share, and finds what it reads by an index."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pglast
import psycopg
import pytest
from pglast import ast, enums
from pglast.visitors import Visitor

import chatd
from chatd.storage.engine import in_list
from chatd.storage.engine.postgresql.writer import Writer
from chatd.storage.engine.sqlite.connections import connect
from chatd.storage.engine.sqlite.migrate import migrate
from chatd.storage.stores import writer
from tests.postgresql import Cluster
from tests.storage.statements import Recorder, Statement, call, executions, functions, places, settle

#: What every PostgreSQL has, each with one argument.
_FUNCTIONS = {"count", "max", "min", "sum", "row_number"}

#: Functions of SQLite's that PostgreSQL has to be given under the same name.
_GIVEN = {"instr"}

#: The list parameter of the engine, which is another text on PostgreSQL.
_IN_LIST = re.compile(re.escape(in_list("NAME")).replace("NAME", r"(\w+)"))

_ARITHMETIC = {"+", "-", "*", "/", "%"}
_COMPARISONS = {"=", "<>", "<", ">", "<=", ">="}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    """A connection over which every function of the nouns was called."""
    path = tmp_path_factory.mktemp("statements") / "chatd.db"
    migrate(path)
    with closing(connect(path, checkpoints=True)) as db:
        settle(db)
        recorder = Recorder(db)
        for function in functions():
            call(recorder, function)
        recorder.statements = [each for each in recorder.statements if not each.function.startswith("statements.")]
        yield recorder


@pytest.mark.postgresql
def test_every_statement_runs_on_postgresql(cluster: Cluster) -> None:
    with writer(cluster.database()) as db:
        assert isinstance(db, Writer)
        db.begin()
        settle(db)
        db.settle()
        faults = {}
        for function in functions():
            try:
                call(db, function)
                db.settle()
            except psycopg.Error as error:
                faults[f"{function.__module__}.{function.__name__}"] = str(error)
        assert not faults


def test_every_place_that_executes_a_statement_is_reached(recorded: Recorder) -> None:
    missed = [
        f"{name}:{line}"
        for (name, line), lines in places().items()
        if not any((name, each) in recorded.places for each in lines)
    ]
    assert not missed


def test_only_storage_executes_statements() -> None:
    root = Path(chatd.__file__).parent
    others = [path for path in root.rglob("*.py") if root / "storage" not in path.parents]
    assert not {f"{path.relative_to(root)}:{line}" for path in others for line in executions(path)}


def test_every_statement_is_one_of_postgresql_too(recorded: Recorder) -> None:
    faults = {}
    for each in recorded.statements:
        try:
            (parsed,) = pglast.parse_sql(_translated(each.sql))
        except pglast.parser.ParseError as error:
            faults[each] = [str(error)]
            continue
        dialect = _Dialect()
        dialect(parsed)
        if dialect.faults:
            faults[each] = dialect.faults
    assert not faults


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("SELECT max(a, 1) FROM t", "max() with 2 arguments"),
        ("SELECT hex(a) FROM t", "hex() is not given to PostgreSQL"),
        ("SELECT n + (a = 1) FROM t", "a condition in arithmetic"),
        ("SELECT coalesce(a = 1, 0) FROM t", "a condition and a number in coalesce()"),
        ("SELECT a + 1 AS n FROM t WHERE n > 2", "the alias n in WHERE"),
        ("SELECT a FROM t LIMIT -1", "a negative LIMIT"),
        ("SELECT a FROM (SELECT a FROM t)", "a subquery without an alias"),
        ("SELECT a ->> 0 FROM t", "->> outside the engine"),
        ("SELECT value FROM json_each(:a)", "json_each() is not given to PostgreSQL"),
        ("SELECT rowid FROM t", "rowid"),
    ],
)
def test_what_only_sqlite_understands_is_found(sql: str, fault: str) -> None:
    dialect = _Dialect()
    dialect(pglast.parse_sql(_translated(sql))[0])
    assert dialect.faults == [fault]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t WHERE a IS NOT :a",
        "INSERT OR IGNORE INTO t (a) VALUES (:a)",
        "SELECT a FROM t WHERE a = ?",
        "SELECT a FROM t WHERE a = ?1",
    ],
)
def test_what_postgresql_cannot_parse_is_found(sql: str) -> None:
    with pytest.raises((pglast.parser.ParseError, ValueError)):
        pglast.parse_sql(_translated(sql))


#: Functions that read all of a table, and why that is right.
_SCANS = {
    "action_work.to_do": "what is still to be done, which is mostly nothing",
    "blocks.anybody": "the first row is enough",
    "change_log.newest_at": "the last row of each table",
    "groups.all_groups": "all of them are asked for",
    "groups.public": "a name is found by any part of it, in an index of the public ones",
    "old_reactions.signs": "once, after an upgrade",
    "old_reactions.rename": "once, after an upgrade",
    "reports._reports": "few are open, and all are asked for on the command line",
    "sessions.are_there": "the first row is enough",
    "settings.all_of": "all of them are asked for",
    "users.all_users": "all of them are asked for",
    "users.anonymise": "invitations are few, and accounts are seldom deleted",
    "users.has_human": "the first human is enough",
    "users.names": "once, after an upgrade",
    "users.search": "a name is found by any part of it",
    "users.to_erase": "its index has what it returns, and nothing else",
}

_ONE_ROW = {"change_log_state", "name_keys", "health"}


def test_every_statement_finds_what_it_reads_by_an_index(recorded: Recorder) -> None:
    scans = {
        each.function: line
        for each in recorded.statements
        for line in _plan(recorded, each)
        if _is_scan(each.sql, line)
    }
    assert scans.keys() - _SCANS.keys() == set(), scans
    assert _SCANS.keys() - scans.keys() == set(), "these scan nothing any more"


def test_pages_find_the_messages_one_sees_without_reading_any(recorded: Recorder) -> None:
    for name in ("messages._messages", "messages.last_up_to"):
        plans = [_plan(recorded, each) for each in recorded.statements if each.function == name]
        pages = [plan for plan in plans if any("messages_by_conversation" in line for line in plan)]
        assert pages, name
        for plan in pages:
            assert any("SEARCH m USING COVERING INDEX messages_by_conversation (conversation_id=?" in x for x in plan)
            assert not any("TEMP B-TREE" in line for line in plan)


def test_a_sync_reads_each_part_of_the_log_from_its_place_on(recorded: Recorder) -> None:
    (visible,) = [each for each in recorded.statements if each.function == "change_log.visible"]
    plan = _plan(recorded, visible)
    for index in (
        "messages_by_conversation (conversation_id=? AND id>? AND id<?)",
        "change_log_by_conversation (conversation_id=? AND seq>? AND seq<?)",
        "change_log_by_user (user_id=? AND seq>? AND seq<?)",
    ):
        assert any(index in line for line in plan), (index, plan)


def _translated(sql: str) -> str:
    """Return a statement with the parameters of PostgreSQL."""
    if "?" in sql:
        raise ValueError("a parameter without a name")
    sql = _IN_LIST.sub(r"(SELECT unnest(CAST(:\1 AS BIGINT[])))", sql)
    names: dict[str, int] = {}
    return re.sub(r"(?<![:\w]):([a-z_]+)", lambda match: f"${names.setdefault(match[1], len(names) + 1)}", sql)


def _plan(recorded: Recorder, statement: Statement) -> list[str]:
    values = dict.fromkeys(re.findall(r"(?<![:\w]):([a-z_]+)", statement.sql))
    return [row[3] for row in recorded._db.execute(f"EXPLAIN QUERY PLAN {statement.sql}", values)]


def _is_scan(sql: str, line: str) -> bool:
    """Report whether a line of a plan reads all of a table, and not of a subquery or a list."""
    match = re.match(r"SCAN (\w+)", line)
    if match is None or "VIRTUAL TABLE" in line:
        return False
    table = re.search(rf"\b(?:FROM|JOIN|INTO|UPDATE) (\w+) AS {match[1]}\b", sql)
    name = table[1] if table else match[1]
    return name not in _ONE_ROW and re.search(rf"\b(?:FROM|JOIN|UPDATE) {name}\b", sql) is not None and name != "pair"


class _Dialect(Visitor):
    """Finds what PostgreSQL parses but means otherwise."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def visit_FuncCall(self, _: Any, node: Any) -> None:
        name = node.funcname[-1].sval
        arguments = len(node.args or ())
        if name in _FUNCTIONS:
            if arguments > 1:
                self.faults.append(f"{name}() with {arguments} arguments")
        elif name not in _GIVEN | {"unnest"}:
            self.faults.append(f"{name}() is not given to PostgreSQL")

    def visit_A_Expr(self, _: Any, node: Any) -> None:
        operator = node.name[-1].sval
        if operator in _ARITHMETIC and (_is_condition(node.lexpr) or _is_condition(node.rexpr)):
            self.faults.append("a condition in arithmetic")
        if operator in ("->", "->>"):
            self.faults.append(f"{operator} outside the engine")

    def visit_CoalesceExpr(self, _: Any, node: Any) -> None:
        if any(map(_is_condition, node.args)) and any(map(_is_number, node.args)):
            self.faults.append("a condition and a number in coalesce()")

    def visit_RangeSubselect(self, _: Any, node: Any) -> None:
        if node.alias is None:
            self.faults.append("a subquery without an alias")

    def visit_ColumnRef(self, _: Any, node: Any) -> None:
        if getattr(node.fields[-1], "sval", "") in ("rowid", "oid", "_rowid_"):
            self.faults.append("rowid")

    def visit_SelectStmt(self, _: Any, node: Any) -> None:
        if node.limitCount is not None and _is_number(node.limitCount) and node.limitCount.val.ival < 0:
            self.faults.append("a negative LIMIT")
        aliases = {
            target.name for target in node.targetList or () if target.name and not _is_column(target.val, target.name)
        }
        if node.whereClause is not None:
            used = _Names()
            used(node.whereClause)
            self.faults += [f"the alias {name} in WHERE" for name in sorted(aliases & used.names)]


class _Names(Visitor):
    """Collects the names of columns that stand without a table's."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_ColumnRef(self, _: Any, node: Any) -> None:
        if len(node.fields) == 1 and hasattr(node.fields[0], "sval"):
            self.names.add(node.fields[0].sval)


def _is_condition(node: Any) -> bool:
    if isinstance(node, (ast.BoolExpr, ast.NullTest, ast.BooleanTest)):
        return True
    kind = enums.A_Expr_Kind.AEXPR_OP
    return type(node) is ast.A_Expr and (node.kind != kind or str(_last(node.name)) in _COMPARISONS)


def _is_column(node: Any, name: str) -> bool:
    return type(node) is ast.ColumnRef and _last(node.fields) == name


def _last(names: Any) -> Any:
    return getattr(names[-1], "sval", None)


def _is_number(node: Any) -> bool:
    return isinstance(node, ast.A_Const) and isinstance(node.val, ast.Integer)

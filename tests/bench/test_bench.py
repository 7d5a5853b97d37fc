"""The bench measures the real thing, and counts what is there."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench.cluster import CLIENTS, SESSIONS, load_all, processes, returns_after_kill, session_ends
from bench.databases import Stored, stored
from bench.figures import Measured, cell
from bench.generator import BenchError, load, write_accounts, write_requests
from bench.report import table
from bench.servers.chatd import HERE, Chatd, Checkout
from bench.works.reads import calls
from bench.works.work import Case, Figure, Work
from tests.postgresql import Cluster

SERVER = Chatd(Checkout(HERE))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATD_BENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "server"
    made.mkdir()
    return made


def test_every_message_counted_is_acknowledged_delivered_and_stored(directory: Path) -> None:
    sent = 0
    with SERVER.start(directory, 8) as running:
        accounts = write_accounts(directory / "accounts", running.accounts)
        options: dict[str, Any] = {"port": running.process.port, "accounts": accounts, "warm": 0.1, "seconds": 0.3}
        for number, (mode, kind) in enumerate((("pump", "v2"), ("pump", "rest"), ("rate", "v2"))):
            found = load(mode=mode, kind=kind, senders=3, window=4, idle=2, run=f"run{number}", **options)
            assert found["count"] > 0
            assert found["sent"] == found["acked"] == found["delivered"] >= found["count"]
            assert found["lost"] == found["skipped"] == 0
            assert found["done_us"]["count"] == found["count"]
            sent += found["sent"]
    with closing(sqlite3.connect(directory / "data" / "chatd.db")) as db:
        assert db.execute("SELECT count(*) FROM messages").fetchone() == (sent,)


def test_one_message_reaches_all_connections_of_a_user(directory: Path) -> None:
    with SERVER.start(directory, 2) as running:
        accounts = write_accounts(directory / "accounts", running.accounts)
        found = load(mode="fanout", port=running.process.port, accounts=accounts, fan=30, warm=0, seconds=0.3)
    assert found["ready"] == 31
    assert found["last_us"]["count"] > 0
    assert found["last_us"]["p50"] >= found["first_us"]["p50"]


def test_people_at_two_processes_write_to_each_other(cluster: Cluster) -> None:
    with processes(2, cluster.url(), 8) as (servers, accounts):
        assert len({server.port for server in servers}) == 2
        found = load_all(servers, accounts, mode="pump", senders=4, window=4, warm=0.1, seconds=0.3)
    assert found["count"] > 0
    assert found["sent"] == found["acked"] == found["delivered"] >= found["count"]


def test_what_people_notice_of_a_session_and_of_a_process_that_end_is_timed(cluster: Cluster) -> None:
    assert len(session_ends(cluster.url())) == SESSIONS
    assert len(returns_after_kill(cluster.url())) == CLIENTS


def test_a_server_that_refuses_is_no_figure(directory: Path) -> None:
    with SERVER.start(directory, 2) as running:
        (directory / "accounts").write_text("1 user0 wrong\n2 user1 wrong\n")
        with pytest.raises(BenchError, match="4002"):
            load(port=running.process.port, accounts=directory / "accounts", senders=1, seconds=0.1)


def test_a_database_made_for_reading_is_one_that_the_server_could_have_made(directory: Path) -> None:
    made = stored(5000, Checkout(HERE))
    assert stored(5000, Checkout(HERE)) == made
    with closing(sqlite3.connect(Path(made.directory) / "data" / "chatd.db")) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("SELECT count(*) FROM messages").fetchone() == (5000,)
        wrong = db.execute(
            """
            SELECT m.conversation_id, m.user_id
            FROM memberships AS m JOIN conversations AS c ON c.id = m.conversation_id
            WHERE c.message_count - m.sent_count - m.read_count != (
                SELECT count(*) FROM messages AS x
                WHERE x.conversation_id = c.id AND x.sender_id != m.user_id AND x.id > m.read_up_to
            )
            """
        ).fetchall()
        assert wrong == []
    _answers_every_call(made, directory)


def _answers_every_call(made: Stored, directory: Path) -> None:
    with SERVER.process(Path(made.directory)) as process:
        (directory / "accounts").write_text(f"1 reader {made.token}\n")
        for kind, request in calls(made).values():
            found = load(
                mode="ask",
                kind=kind,
                port=process.port,
                accounts=directory / "accounts",
                requests=write_requests(directory / "requests", [request]),
                senders=1,
                warm=0,
                seconds=0.1,
            )
            assert found["asked_us"]["count"] > 0


def test_a_table_tells_medians_spreads_ratios_and_who_is_missing() -> None:
    cases = [Case(label, lambda: None, lambda _: {}) for label in ("chatd", "peer", "other")]
    rate = Figure("rate", "messages/s", is_more_better=True)
    work = Work("work", "Work", "What was done.", [rate], cases, against="peer")
    measured = Measured(
        {},
        {"chatd": [{"rate": 2900.0}, {"rate": 3000.0}, {"rate": 3200.0}], "peer": [{"rate": 1000.0}] * 3},
        {"other": "not installed"},
    )
    assert cell(measured, "chatd", rate) == "3,000 <sub>±5%</sub>"
    text = table(work, measured)
    assert "| chatd | 3,000 <sub>±5%</sub> | 3.00× |" in text
    assert "Missing: other (not installed)." in text
    assert "Medians of 3 interleaved rounds." in text

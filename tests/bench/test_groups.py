"""The measurement of groups: what it counts is stored and delivered, and what it makes is as the server would."""

import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from bench.groups import Case, send, started
from bench.groups_stored import GROUPS, UNREAD, fill_groups
from bench.servers.chatd import HERE, Chatd, Checkout

SERVER = Chatd(Checkout(HERE))

CASE = Case("two groups", 2, 6, 4, 2, 3)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATD_BENCH_CACHE", str(tmp_path / "cache"))


def test_every_message_to_a_group_that_counts_reaches_all_who_are_connected() -> None:
    found = send(SERVER, CASE, 0.1, 0.5)
    assert found["rate"] > 0
    assert found["copies"] >= found["rate"]
    assert found["p99"] >= found["p50"] > 0


def test_the_groups_of_a_case_are_there_with_all_their_members(tmp_path: Path) -> None:
    with started(SERVER, tmp_path, CASE):
        pass
    with closing(sqlite3.connect(tmp_path / "data" / "chatd.db")) as db:
        rows = db.execute("SELECT conversation_id, count(*) FROM memberships WHERE left_seq IS NULL GROUP BY 1")
        assert dict(rows) == {1: 6, 2: 6}


async def test_many_groups_made_by_sql_are_read_as_the_server_would_have_them(tmp_path: Path) -> None:
    (reader,) = SERVER.add_accounts(tmp_path, 1, "reader")
    fill_groups(SERVER.data_dir(tmp_path) / "chatd.db", int(reader.id), 20 * GROUPS)
    with SERVER.process(tmp_path) as process:
        headers = {"Authorization": f"Bearer {reader.token}"}
        async with aiohttp.ClientSession(f"http://127.0.0.1:{process.port}", headers=headers) as http:
            async with http.get("/unread") as response:
                assert await response.json() == {
                    "badge": UNREAD * GROUPS, "unread": UNREAD * GROUPS, "mentions": GROUPS,
                }  # fmt: skip
            async with http.get("/conversations?limit=50") as response:
                page = await response.json()
            assert page["more"]
            assert {(each["unread_count"], each["mention_count"]) for each in page["conversations"]} == {(UNREAD, 1)}
            first = page["conversations"][0]
            assert (first["group"]["id"], first["last_message"]["id"]) == (GROUPS, 20 * GROUPS)
            async with http.get(f"/messages?group={GROUPS}&limit=100") as response:
                items = (await response.json())["items"]
            assert len(items) == 20
            body = {"content": "and on"}
            async with http.post(f"/groups/{GROUPS}/messages", json=body) as response:
                assert response.status == 200, await response.text()

"""What a person can take along."""

import io
import json
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chatd.clock import now
from chatd.errors import StorageUnavailable
from chatd.http.context import SERVICES
from chatd.services.exports import Exports
from chatd.services.limiting import OwnLimit
from chatd.services.limits import per_hour
from tests.api.test_avatars import picture, upload
from tests.conftest import Start
from tests.support import Chat, Person, error_of
from tests.ws.v2_client import add_group, leave, live


async def exported(person: Person) -> tuple[Any, str, zipfile.ZipFile]:
    """Return a person's export: its JSON, its page, and the archive."""
    async with await person.request("GET", "/users/me/export") as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "application/zip"
        assert response.headers["Content-Disposition"] == 'attachment; filename="chatd-export.zip"'
        assert response.headers["Cache-Control"] == "no-store"
        archive = zipfile.ZipFile(io.BytesIO(await response.read()))
    assert archive.testzip() is None
    return json.loads(archive.read("data.json")), archive.read("index.html").decode(), archive


class Page(HTMLParser):
    """The elements of a page and the text in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_an_export_has_everything_of_a_person(chat: Chat) -> None:
    chat.server.app[SERVICES].exports.page_size = 2
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    avatar = await upload(alice, picture("PNG"))
    async with await alice.request(
        "PUT", "/users/me", json={"bio": "早上好", "avatar_path": avatar["url"]}
    ) as response:
        assert response.status == 200
    ids = [(await alice.send(bob, f"hello {number}"))["id"] for number in range(5)]
    answer = await bob.send(alice, "hi")
    client = await live(alice)
    await client.ack("react", message_id=answer["id"], emoji="👍")
    await client.ack("read", user=bob.id, up_to=answer["id"])
    await alice.post(f"/messages/{answer['id']}/report", {"reason": "curt"}, status=201)
    async with await alice.request("PUT", f"/users/{carol.id}/block") as response:
        assert response.status == 204
    left, kept = add_group(chat, "Chess", alice, bob), add_group(chat, "Go", alice, bob)
    for group in (left, kept):
        await client.ack("send", group=group, content="mine")
        await (await live(bob)).ack("send", group=group, content="yours")
    leave(chat, left, alice)

    data, page, archive = await exported(alice)
    assert set(data) == {
        *("server", "exported_at", "profile", "sessions", "blocks", "reports", "reactions", "conversations"),
    }
    assert data["profile"] == await alice.get("/auth/me")
    sessions = await alice.get("/auth/sessions")
    assert [each["id"] for each in data["sessions"]] == [each["id"] for each in sessions]
    assert data["blocks"] == await alice.get("/users/me/blocks")
    assert [(each["reason"], each["content"]) for each in data["reports"]] == [("curt", "hi")]
    assert data["reactions"] == [{"message_id": answer["id"], "emoji": "👍"}]
    private, former, group = data["conversations"]
    assert private["user"] == bob.brief
    assert private["read_up_to"] == answer["id"]
    assert private["messages"] == (await alice.get(f"/messages?user={bob.id}&limit=50"))["items"]
    assert [each["id"] for each in private["messages"]] == [*ids, answer["id"]]
    assert former["group"] == {"id": left, "name": "Chess"}
    assert [each["content"] for each in former["messages"]] == ["mine"]
    assert [each["content"] for each in group["messages"]] == ["mine", "yours"]
    assert "hello 4" in page
    assert "早上好" in page
    assert archive.read(f"pictures/{avatar['filename']}")[:4] == b"RIFF"
    assert alice.token not in archive.read("data.json").decode() + page


async def test_what_others_wrote_is_text_on_the_page(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)></p>&amp;"
    await bob.send(alice, evil)
    async with await bob.request("PUT", "/users/me", json={"nickname": "<b>Bob"}) as response:
        assert response.status == 200
    data, page, _ = await exported(alice)
    read = Page(page)
    assert evil in read.text
    assert "<b>Bob" in read.text
    assert not read.tags & {"script", "img", "a", "link", "iframe"}
    assert "default-src 'none'" in page
    assert data["conversations"][0]["messages"][0]["content"] == evil


async def test_an_export_tells_neither_side_of_a_block_more_than_they_know(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await bob.send(alice, "before")
    async with await alice.request("PUT", f"/users/{bob.id}/block") as response:
        assert response.status == 204
    await bob.send(alice, "meanwhile")
    his, _, _ = await exported(bob)
    hers, page, archive = await exported(alice)
    assert [each["content"] for each in his["conversations"][0]["messages"]] == ["before", "meanwhile"]
    assert his["blocks"] == []
    assert [each["content"] for each in hers["conversations"][0]["messages"]] == ["before"]
    assert "meanwhile" not in page + archive.read("data.json").decode()


async def test_exports_are_limited(start: Start) -> None:
    chat = await start(limits={"exports_per_hour": 1})
    alice, bob = await chat.people("alice", "bobby")
    await exported(alice)
    async with await alice.request("GET", "/users/me/export") as response:
        assert await error_of(response) == (429, "rate_limited")
    await exported(bob)


async def test_no_file_is_left_behind(chat: Chat) -> None:
    alice = await chat.person("alice")
    directory = chat.server._config.data_dir
    before = sorted(directory.iterdir())
    await exported(alice)
    assert sorted(directory.iterdir()) == before


async def test_an_export_of_a_database_that_cannot_be_read_is_refused_without_its_path(tmp_path: Path) -> None:
    database = tmp_path / "chatd.db"
    database.write_text("this is not a database, however long one looks at it")
    exports = Exports(database, tmp_path, OwnLimit(per_hour(0)), now)
    with pytest.raises(StorageUnavailable) as refused:
        await exports.build(1, lambda file, data: None)
    exports.close()
    assert refused.value.detail == StorageUnavailable().detail

"""The commands for accounts and settings, beside a running server and before the first start of one."""

import asyncio
import contextlib
import tomllib
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from chatd import __version__
from chatd.cli.accounts import HOW_TO_KEEP
from chatd.config import SECTIONS
from tests.process import ServerProcess, chatd, client_of
from tests.support import PASSWORD, PATIENCE, Person, error_of, register, sign_in

Client = TestClient[Any, Any]


class Place:
    """A data directory, with a server on it from the first or only once somebody wants to talk to it."""

    def __init__(self, data_dir: Path, stack: contextlib.AsyncExitStack) -> None:
        self.data_dir = data_dir
        self._stack = stack
        self._client: Client | None = None

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run a command that succeeds and return what it prints."""
        database = self.data_dir / "chatd.db"
        says = "" if database.exists() else f"chatd: {database} is a new database\n"
        done = chatd(self.data_dir, *arguments, stdin=stdin, CHATD_ACCOUNTS_REGISTRATION="invite")
        assert (done.returncode, done.stderr.removesuffix(f"{HOW_TO_KEEP}\n")) == (0, says)
        return done.stdout

    async def client(self) -> Client:
        """Return a client of the server, which is started if it does not run yet."""
        if self._client is None:
            server = self._stack.enter_context(ServerProcess(self.data_dir, CHATD_ACCOUNTS_REGISTRATION="invite"))
            self._client = await self._stack.enter_async_context(client_of(server))
        return self._client


@pytest.fixture(params=["beside", "without"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A data directory for commands beside a server or without one."""
    async with contextlib.AsyncExitStack() as stack:
        place = Place(tmp_path / "data", stack)
        if request.param == "beside":
            await place.client()
        yield place


async def may_sign_in(client: Client, username: str, password: str) -> bool:
    """Report whether a password is right."""
    async with client.post("/auth/login", data={"username": username, "password": password}) as response:
        if response.status != 200:
            assert await error_of(response) == (401, "wrong_credentials")
        return response.status == 200


async def test_an_account_made_by_command_is_as_good_as_one_registered(place: Place) -> None:
    added = place.run("user", "add", "Alice", "--nickname", "Al", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert added == "1 Alice admin\n"
    assert place.run("user", "add", "bobby", "--password-stdin", stdin=f"{PASSWORD}\r\n") == "2 bobby member\n"
    client = await place.client()
    alice = Person(client, 1, "Alice", "Al", await sign_in(client, "alice"))
    me = await alice.get("/auth/me")
    assert (me["username"], me["nickname"], me["is_ai"]) == ("Alice", "Al", False)
    assert await may_sign_in(client, "bobby", PASSWORD)
    assert not await may_sign_in(client, "bobby", f"{PASSWORD}\r")


async def test_bots_are_made_with_tokens_that_work(place: Place) -> None:
    lines = place.run("user", "add", "--bot", "weather", "news", "--days", "2").splitlines()
    client = await place.client()
    bots = []
    for line, name in zip(lines, ["weather", "news"], strict=True):
        number, username, token = line.split(" ")
        bots.append(Person(client, int(number), username, username, token))
        me = await bots[-1].get("/auth/me")
        assert (me["id"], me["username"], me["is_ai"]) == (int(number), name, True)
    message = await bots[0].send(bots[1], "rain")
    assert message["sender"]["is_ai"] is True
    assert not await may_sign_in(client, "weather", "")


async def test_a_bot_may_have_a_nickname(place: Place) -> None:
    number, _, token = place.run("user", "add", "--bot", "weather", "--nickname", "The sky ☁").split()
    bot = Person(await place.client(), int(number), "weather", "The sky ☁", token)
    assert (await bot.get("/auth/me"))["nickname"] == "The sky ☁"


async def test_a_new_password_takes_the_place_of_the_old_one(place: Place) -> None:
    place.run("user", "add", "alice", "--password-stdin", stdin=f"{PASSWORD}\n")
    place.run("user", "password", "alice", "--password-stdin", stdin="battery staple\n")
    client = await place.client()
    assert await may_sign_in(client, "alice", "battery staple")
    assert not await may_sign_in(client, "alice", PASSWORD)


async def test_a_disabled_account_is_shut_out_and_listed_as_such_until_it_is_enabled(place: Place) -> None:
    place.run("user", "add", "alice", "--password-stdin", stdin=f"{PASSWORD}\n")
    place.run("user", "add", "--bot", "weather")
    place.run("user", "disable", "Alice")
    rows = [line.split("\t") for line in place.run("user", "list").splitlines()]
    assert [row[:4] for row in rows] == [["1", "alice", "admin", "disabled"], ["2", "weather", "bot", "enabled"]]
    assert all(row[4].endswith("Z") and len(row) == 5 for row in rows)
    client = await place.client()
    assert not await may_sign_in(client, "alice", PASSWORD)
    place.run("user", "enable", "alice")
    assert await may_sign_in(client, "alice", PASSWORD)
    assert "\talice\tadmin\tenabled\t" in place.run("user", "list")


async def test_reports_are_shown_to_the_operator_and_resolved(place: Place) -> None:
    names = ("alice", "bobby")
    client = await place.client()
    for name in names:
        place.run("user", "add", name, "--password-stdin", stdin=f"{PASSWORD}\n")
    alice, bob = [Person(client, at, name, name, await sign_in(client, name)) for at, name in enumerate(names, 1)]
    message = await bob.send(alice, "buy\tthis\x1b[2J\nnow, 买")
    for reason in ("spam", "rude"):
        await alice.post(f"/messages/{message['id']}/report", {"reason": reason}, status=201)
    first, second = (line.split("\t") for line in place.run("reports", "list").splitlines())
    assert first[0] == "1"
    assert first[1].endswith("Z")
    assert first[2:] == [
        *("open", "by alice", "of bobby", f"message {message['id']}", '"spam"'),
        '"buy\\tthis\\u001b[2J\\nnow, \\u4e70"',
    ]
    assert second[6] == '"rude"'
    assert place.run("reports", "resolve", "1") == ""
    assert [line[0] for line in place.run("reports", "list").splitlines()] == ["2"]
    resolved = place.run("reports", "list", "--all").splitlines()[0].split("\t")
    assert (resolved[2].split()[0], resolved[6:]) == ("resolved", ['"spam"', '""'])
    again = chatd(place.data_dir, "reports", "resolve", "2", "1")
    assert (again.returncode, again.stderr) == (1, "chatd: There is no open report 1.\n")
    assert [line[0] for line in place.run("reports", "list").splitlines()] == ["2"]


async def test_a_group_has_another_owner_and_ends_by_the_operator(place: Place) -> None:
    client = await place.client()
    for name in ("alice", "bobby"):
        place.run("user", "add", name, "--password-stdin", stdin=f"{PASSWORD}\n")
    alice, bob = [
        Person(client, at, name, name, await sign_in(client, name)) for at, name in ((1, "alice"), (2, "bobby"))
    ]
    group = (await alice.post("/groups", {"name": "Chess", "public": True}, 201))["id"]
    refused = chatd(place.data_dir, "group", "owner", str(group), "bobby")
    assert (refused.returncode, refused.stderr) == (1, f"chatd: They are not in the group {group}.\n")
    await bob.post(f"/groups/{group}/join")
    for _ in range(2):
        assert place.run("group", "owner", str(group), "Bobby") == ""
    assert [(await each.get(f"/groups/{group}"))["me"]["role"] for each in (alice, bob)] == ["admin", "owner"]
    assert place.run("group", "delete", str(group)) == ""
    async with await bob.request("GET", f"/groups/{group}") as response:
        assert response.status == 404
    again = chatd(place.data_dir, "group", "delete", str(group))
    assert (again.returncode, again.stderr) == (1, f"chatd: There is no group {group}.\n")


async def test_groups_are_listed_and_brought_back_by_the_operator(place: Place) -> None:
    client = await place.client()
    place.run("user", "add", "alice", "--password-stdin", stdin=f"{PASSWORD}\n")
    alice = Person(client, 1, "alice", "alice", await sign_in(client, "alice"))
    group = (await alice.post("/groups", {"name": "Schach\u1e9e"}, 201))["id"]
    await alice.post(f"/groups/{group}/leave", status=204)
    (row,) = [line.split("\t") for line in place.run("group", "list").splitlines()]
    assert row[0] == str(group)
    assert (row[2], row[3].split()[0], row[4]) == ("0 members", "ended", '"Schach\\u1e9e"')
    assert place.run("group", "restore", str(group)) == "1 members are back\n"
    assert (await alice.get(f"/groups/{group}"))["me"]["role"] == "owner"
    again = chatd(place.data_dir, "group", "restore", str(group))
    assert (again.returncode, again.stderr) == (1, f"chatd: There is no group {group} that has ended and is kept.\n")


async def test_a_deleted_account_is_erased_by_the_server_and_its_sockets_close(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            await alice.send(bob, "secret")
            socket = await alice.connect()
            for answer in ("", "bobby\n"):
                refused = chatd(tmp_path / "data", "user", "delete", "alice", stdin=answer)
                assert refused.returncode == 1
            assert (await alice.get("/auth/me"))["username"] == "alice"
            done = chatd(tmp_path / "data", "user", "delete", "Alice", stdin="Alice\n")
            assert (done.returncode, done.stderr) == (0, "")
            assert await socket.closed() == 4003
            async with asyncio.timeout(PATIENCE):
                while (await bob.get(f"/messages/history/{alice.id}"))["items"][0]["content"]:
                    await asyncio.sleep(0.05)
            assert f"deleted:{alice.id}\tadmin" not in chatd(tmp_path / "data", "user", "list").stdout
            gone = chatd(tmp_path / "data", "user", "enable", f"deleted:{alice.id}")
            assert (gone.returncode, gone.stderr) == (1, f"chatd: There is no user called deleted:{alice.id}.\n")
            again = chatd(tmp_path / "data", "user", "delete", "--yes", "alice")
            assert again.returncode == 1


async def test_each_invitation_lets_one_in(place: Place) -> None:
    first, second, third = [*place.run("invite", "--count", "2").split(), *place.run("invite").split()]
    client = await place.client()

    async def statuses(code: str | None, *names: str) -> list[int]:
        found = []
        for name in names:
            body = {"username": name, "password": PASSWORD, "nickname": name, "invite": code}
            async with client.post("/auth/register", json=body) as response:
                found.append(response.status)
        return found

    assert await statuses(None, "nobody") == [403]
    assert await statuses(first, "alice", "bobby") == [201, 403]
    assert await statuses(third, "bobby", "carol") == [201, 403]
    assert await statuses(second, "carol", "david") == [201, 403]


async def test_many_invitations_are_made_in_steps_and_none_is_lost(place: Place) -> None:
    assert len(set(place.run("invite", "--count", "450").split())) == 450


async def test_commands_end_sessions_and_close_sockets_of_the_running_server(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        async with client_of(server) as client:
            alice, bob, carol = [await register(client, name) for name in ("alice", "bobby", "carol")]
            sockets = {person.username: await person.connect() for person in (alice, bob, carol)}
            assert chatd(tmp_path / "data", "user", "disable", "alice").returncode == 0
            assert await sockets["alice"].closed() == 4003
            changed = chatd(tmp_path / "data", "user", "password", "bobby", "--password-stdin", stdin="new password\n")
            assert changed.returncode == 0
            assert await sockets["bobby"].closed() == 4002
            for person, code in ((alice, "account_unavailable"), (bob, "not_authenticated")):
                async with await person.request("GET", "/auth/me") as response:
                    assert await error_of(response) == (401, code)
            await sockets["carol"].ping()
            await carol.get("/auth/me")
            await sockets["carol"].close()


def test_config_shows_every_value_its_source_and_nothing_secret(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    token = chatd(data_dir, "user", "add", "--bot", "weather").stdout.split()[2]
    file = tmp_path / "settings.toml"
    file.write_text('[accounts]\ntoken_days = 7\n[server]\nport = 7777\norigins = ["https://chat.example"]\n')
    done = chatd(data_dir, "config", "--config", str(file), CHATD_SERVER_PORT="8888", CHATD_WEB_ENABLED="no")
    assert (done.returncode, done.stderr) == (0, "")
    shown = tomllib.loads(done.stdout)
    sources = dict(line.split("  # ") for line in done.stdout.splitlines() if "  # " in line)
    assert [len(shown[section]) for section in SECTIONS] == [len(fields(cls)) for cls in SECTIONS.values()]
    assert (shown["accounts"]["registration"], shown["accounts"]["token_days"]) == ("open", 7)
    assert sources['registration = "open"'] == "default"
    assert sources["token_days = 7"] == str(file)
    assert sources['origins = ["https://chat.example"]'] == str(file)
    assert sources["port = 8888"] == "CHATD_SERVER_PORT"
    assert sources["enabled = false"] == "CHATD_WEB_ENABLED"
    assert sources[f'data_dir = "{data_dir}"'] == "command line"
    assert (data_dir / "signing.key").read_text().strip() not in done.stdout
    assert token not in done.stdout


async def test_commands_say_what_was_chosen_in_the_browser(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    anybody = "chatd: anybody may register now, also without an invitation\n"
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            admin = await register(client, "admin")
            assert chatd(data_dir, "invite").stderr == anybody
            for registration, said in (
                ("closed", "chatd: nobody may register now, not even with an invitation\n"),
                ("invite", ""),
            ):
                choice = {"name": "Schach\u1e9e", "registration": registration}
                async with await admin.request("PATCH", "/admin/community", json=choice) as response:
                    assert response.status == 200
                assert chatd(data_dir, "invite").stderr == said
    shown = chatd(data_dir, "config")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert 'registration = "invite"  # chosen in the browser\n' in shown.stdout
    assert tomllib.loads(shown.stdout)["web"]["name"] == "Schach\u1e9e"
    given = chatd(data_dir, "config", CHATD_ACCOUNTS_REGISTRATION="open").stdout
    assert 'registration = "open"  # CHATD_ACCOUNTS_REGISTRATION\n' in given
    assert chatd(data_dir, "invite", CHATD_ACCOUNTS_REGISTRATION="open").stderr == anybody


def test_the_version_is_told(tmp_path: Path) -> None:
    done = chatd(tmp_path / "data", "--version")
    assert (done.returncode, done.stdout) == (0, f"chatd {__version__}\n")
    assert not (tmp_path / "data").exists()

"""A conversation on the real program, over a planned restart."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.process import ServerProcess, client_of
from tests.support import PASSWORD, Person, Socket, error_of, register, sign_in


async def history(person: Person, other: Person) -> list[tuple[int, str]]:
    """Return all of a conversation, as its id and text."""
    found: list[tuple[int, str]] = []
    page = 1
    while len(found) < (body := await person.get(f"/messages/history/{other.id}?page={page}&page_size=4"))["total"]:
        found = [(each["id"], each["content"]) for each in body["items"]] + found
        page += 1
    return found


async def received(socket: Socket) -> tuple[list[int], int | None]:
    """Return the ids of the messages a socket has been sent, and the code it was then closed with."""
    seen: list[int] = []
    async for message in socket.ws:
        seen.append(message.json()["data"]["id"])
    return seen, socket.ws.close_code


async def test_all_that_was_acknowledged_is_there_after_a_planned_restart(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            devices = [alice, await alice.device(), bob, await bob.device()]
            sockets = [await device.connect() for device in devices]
            said: list[dict[str, Any]] = []
            for number in range(12):
                sender, receiver = (alice, bob) if number % 3 else (bob, alice)
                device = replace(sender, token=devices[devices.index(sender) + number % 2].token)
                said.append(await device.send(receiver, f"line {number}", f"id {number}"))
            await bob.post(f"/messages/read/{alice.id}")
            status, *heard = await asyncio.gather(
                asyncio.to_thread(server.stop), *(received(socket) for socket in sockets)
            )
    assert status == 0
    to_alice = [message["id"] for message in said if message["receiver_id"] == alice.id]
    to_bob = [message["id"] for message in said if message["receiver_id"] == bob.id]
    assert heard == [(to_alice, 1012)] * 2 + [(to_bob, 1012)] * 2

    with ServerProcess(tmp_path / "data") as server:
        async with client_of(server) as client:
            alice, alice_too, bob, bob_too = (replace(device, client=client) for device in devices)
            expected = [(message["id"], message["content"]) for message in said]
            assert expected == sorted(expected)
            assert await history(alice, bob) == expected
            assert await history(bob_too, alice) == expected
            assert await alice_too.get("/messages/unread_count") == {"unread_count": len(to_alice)}
            assert await bob.get("/messages/unread_count") == {"unread_count": 0}
            assert (await alice.send(bob, said[-1]["content"], "id 11"))["id"] == said[-1]["id"]
            socket = await bob_too.connect()
            message = await alice_too.send(bob, "again")
            assert await socket.receive() == {"type": "new_message", "data": message}
            assert await history(bob, alice) == [*expected, (message["id"], "again")]
            await socket.close()


@pytest.mark.parametrize("beaten", [0, 1, 2])
async def test_an_option_beats_the_environment_which_beats_the_file(tmp_path: Path, beaten: int) -> None:
    (tmp_path / "chatd.toml").write_text('[server]\nhost = "127.0.0.2"\n[accounts]\nregistration = "closed"\n')
    variables = {"CHATD_SERVER_HOST": "127.0.0.3"} if beaten > 0 else {}
    options = ["--host", "127.0.0.4"] if beaten > 1 else []
    with ServerProcess(tmp_path / "data", *options, **variables) as server:
        assert server.url.rpartition(":")[0] == f"http://127.0.0.{beaten + 2}"
        async with client_of(server) as client:
            body = {"username": "alice", "password": PASSWORD, "nickname": "Alice"}
            async with client.post("/auth/register", json=body) as response:
                assert await error_of(response) == (403, "registration_closed")


@pytest.mark.parametrize("level", ["debug", "info"])
async def test_the_log_holds_no_token_and_no_password(tmp_path: Path, level: str) -> None:
    with ServerProcess(tmp_path / "data", CHATD_LOG_LEVEL=level) as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            await alice.send(bob, "hello")
            bodies = {"old_password": "not this secret", "new_password": "another secret"}
            await alice.post("/users/me/password", bodies, status=400)
            await alice.post("/users/me/password", {**bodies, "old_password": PASSWORD}, status=204)
            sockets = [
                await alice.connect(),
                Socket(await client.ws_connect("/messages/ws", headers={"Authorization": f"Bearer {bob.token}"})),
                Socket(await client.ws_connect("/messages/ws", protocols=["chatd.v2", f"bearer.{alice.token}"])),
                Socket(await client.ws_connect(f"/messages/ws?token={bob.token}x")),
            ]
            assert await sockets.pop().closed() == 4002
            async with client.post("/auth/login", data={"username": "bobby", "password": "a wrong secret"}) as response:
                assert response.status == 401
            for path in (
                f"/auth/me?token={bob.token}",
                f"/nowhere?token={bob.token}",
                f"/messages/ws?token={bob.token}",
            ):
                async with client.get(path, headers={"Authorization": f"Token {bob.token}"}) as response:
                    assert response.status in (401, 404, 426)
            reader, writer = await asyncio.open_connection(client.host, client.port)
            writer.write(f"GET /messages/ws?token={bob.token} HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n".encode())
            assert b" 400 " in await reader.readline()
            writer.close()
            await writer.wait_closed()
            carol = await register(client, "carol")
            again = await sign_in(client, "carol")
            for socket in sockets:
                await socket.close()
            assert await asyncio.to_thread(server.stop) == 0
    assert ("/messages/ws" in server.log) == (level == "debug")
    assert '"signed in"' in server.log
    tokens = [alice.token, bob.token, carol.token, again]
    secrets = [PASSWORD, "not this secret", "another secret", "a wrong secret"]
    secrets += [part for token in tokens for part in token.split(".")[1:]]
    assert [secret for secret in secrets if secret in server.log] == []

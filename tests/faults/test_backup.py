"""A backup is taken while people talk; the server is killed and everything lost; what the backup promised is there."""

import asyncio
import contextlib
import itertools
import shutil
from pathlib import Path

from chatd.client import Client
from tests.faults.support import Disk, Keeper, add_bots, keeping_alive
from tests.process import chatd
from tests.support import until

CLIENTS = 4

#: How many messages are acknowledged before the backup begins, and how many are meanwhile at the least.
BEFORE, MEANWHILE = 100, 20


class Talker:
    """Somebody who talks without a pause, and knows what was acknowledged."""

    def __init__(self, user_id: int, client: Client, to: int) -> None:
        self._user_id = user_id
        self._client = client
        self._to = to
        self.acked: dict[str, int] = {}

    async def talk(self) -> None:
        """Send one message after the other, until cancelled."""
        for number in itertools.count():
            client_id = f"{self._user_id}-{number}"
            message = await self._client.send(self._to, f"this is {client_id}", client_id=client_id)
            self.acked[client_id] = message.id


async def back_up(data_dir: Path, copy: Path) -> None:
    """Run ``chatd backup``."""
    done = await asyncio.to_thread(chatd, data_dir, "backup", str(copy))
    assert done.returncode == 0, done.stderr


async def lose_everything(keeper: Keeper, data_dir: Path) -> None:
    """Kill the server, and remove its data but for the key."""
    await asyncio.to_thread(keeper.server.kill)
    for leftover in data_dir.glob("chatd.db*"):
        leftover.unlink()
    shutil.rmtree(data_dir / "backups", ignore_errors=True)


async def test_a_backup_under_load_has_every_message_that_was_acknowledged_before_it_began(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    tokens = add_bots(data_dir, CLIENTS)
    users = list(tokens)
    with keeping_alive(data_dir) as keeper:
        async with contextlib.AsyncExitStack() as stack:
            talkers = []
            for user_id, to in zip(users, [*users[1:], users[0]], strict=True):
                client = Client(keeper.server.url, token=tokens[user_id])
                await client.connect()
                stack.push_async_callback(client.close)
                talkers.append(Talker(user_id, client, to))
            talking = [asyncio.create_task(talker.talk()) for talker in talkers]

            def acked() -> dict[str, int]:
                return {client_id: number for talker in talkers for client_id, number in talker.acked.items()}

            await until(lambda: len(acked()) > BEFORE)
            before = acked()
            await back_up(data_dir, tmp_path / "copy.db")
            await until(lambda: len(acked()) > len(before) + MEANWHILE)
            for task in talking:
                task.cancel()
            await asyncio.gather(*talking, return_exceptions=True)
        assert keeper.errors == []
        await lose_everything(keeper, data_dir)
        restored = await asyncio.to_thread(chatd, data_dir, "restore", str(tmp_path / "copy.db"))
        assert restored.returncode == 0, restored.stderr
        keeper.start()
        found = Disk(data_dir).messages()
        assert before.items() <= {client_id: number for client_id, number, _ in found}.items()
        assert {content for _, _, content in found} == {f"this is {client_id}" for client_id, _, _ in found}
        async with Client(keeper.server.url, token=tokens[users[0]]) as client:
            assert (await client.send(users[1], "on we go")).id > max(before.values())

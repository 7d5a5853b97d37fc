"""All clients come back at once after the server was killed, without waiting for each other: the server keeps up."""

import asyncio
import time
from pathlib import Path

import pytest

from bench.idle import SPARE_FILES, raise_file_limit
from tests.conftest import Figure, Size
from tests.faults.observed import PROGRAM, observe
from tests.faults.quiet import Quiet, many_quiet, quiet
from tests.faults.support import add_bots
from tests.ports import free_port
from tests.process import ServerProcess
from tests.support import PATIENCE, until

#: How long a client waits that found nobody, in seconds; they shall all be there at the first moment.
AGAIN = 0.05


async def come_back(client: Quiet, url: str, token: str) -> tuple[Quiet, float]:
    """Wait until a connection is lost, have another one, and return it with when it had caught up."""
    await client.is_lost
    while True:
        try:
            return await quiet(url, token), time.monotonic()
        except OSError:
            await asyncio.sleep(AGAIN)


@pytest.mark.timeout(300)
async def test_all_clients_come_back_at_once_after_a_kill(tmp_path: Path, size: Size, figure: Figure) -> None:
    count = size(short=150, long=1000)
    assert raise_file_limit(count + SPARE_FILES)
    data_dir, port = tmp_path / "data", str(free_port())
    tokens = add_bots(data_dir, count)
    with ServerProcess(data_dir, "--port", port, program=PROGRAM) as server:
        url = server.url
        clients = await many_quiet(url, list(tokens.values()))
        returning = asyncio.gather(*map(come_back, clients, [url] * count, tokens.values()))
        await asyncio.sleep(0)
        server.kill()
    with ServerProcess(data_dir, "--port", port, program=PROGRAM) as server:
        began = time.monotonic()
        async with asyncio.timeout(2 * PATIENCE):
            back = await returning
        took = max(when for _, when in back) - began
        seen = await observe(server)
        figure(f"{count} clients back at once: all there after {took:.2f} s, loop lag {seen['lag_ms']} ms at most")
        assert seen["connections"] == count
        assert seen["hashes"] <= 1  # a start makes one of nobody's password
        first, *others = [client for client, _ in back]
        for number, user_id in enumerate(list(tokens)[1:6]):
            first.say({"type": "send", "id": number + 1, "data": {"user": user_id, "content": "welcome back"}})
        await until(lambda: all(client.heard for client in others[:5]))
        for client, _ in back:
            client.abort()
        assert "Traceback" not in server.log

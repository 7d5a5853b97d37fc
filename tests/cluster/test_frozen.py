"""A PostgreSQL that is suspended: connections stay, the kernel confirms what is sent, and nobody ever answers."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cluster.load import Load
from tests.cluster.support import Processes, running
from tests.cluster.test_outages import health, told_to_leave
from tests.conftest import Figure, Size
from tests.postgresql import Cluster
from tests.support import Person, until_true
from tests.ws.v2_client import live

pytestmark = pytest.mark.timeout(300)


class Site:
    """Two processes and a PostgreSQL of their own."""

    def __init__(self, postgresql: Cluster, processes: Processes) -> None:
        self.postgresql = postgresql
        self.processes = processes

    async def say_so(self) -> bool:
        """Report whether both say that nothing can be stored."""
        return [await health(self.processes, number) for number in (0, 1)] == [503, 503]

    async def are_well(self) -> bool:
        """Report whether both say that they are well."""
        return [await health(self.processes, number) for number in (0, 1)] == [200, 200]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Two processes on an empty database."""
    postgresql = Cluster({"fsync": "off"})
    try:
        await asyncio.to_thread(postgresql.start)
        async with running(postgresql.database(), tmp_path, 2) as processes:
            try:
                yield Site(postgresql, processes)
            finally:
                postgresql.thaw()
    finally:
        postgresql.remove()


async def refusal(person: Person, method: str, path: str, **body: object) -> int:
    """Return the status of an answer."""
    async with await person.request(method, path, json=body or None) as response:
        return response.status


async def test_while_it_is_frozen_nothing_hangs_and_when_it_goes_on_so_does_everything(
    site: Site, figure: Figure
) -> None:
    async with Load(site.processes) as load:
        await load.goes_on()
        alice, bob = load.people[:2]
        sockets = [await live(each) for each in site.processes.everywhere(alice)]
        site.postgresql.freeze()
        began = time.monotonic()
        said, *codes = await asyncio.gather(
            until_true(site.say_so), *(each.error("send", user=bob.id, content="refused") for each in sockets)
        )
        assert (said, codes) == (None, ["storage_unavailable"] * 2)
        person = site.processes.at(1, alice)
        statuses = await asyncio.gather(
            refusal(person, "POST", f"/messages/send/{bob.id}", content="refused"),
            *(refusal(person, "GET", "/conversations") for _ in range(50)),
        )
        assert set(statuses) == {503}
        figure(f"all refused {time.monotonic() - began:.1f} s after PostgreSQL was suspended")
        site.postgresql.thaw()
        await load.goes_on()
        await until_true(site.are_well)
        for each in sockets:
            await each.ack("typing", user=bob.id)
        await load.end()


async def test_after_half_a_minute_sockets_are_closed_and_later_all_goes_on(site: Site, size: Size) -> None:
    if not size(short=0, long=1):
        pytest.skip("takes half a minute: --long")
    alice, bob = await site.processes.people("alice", "bobby")
    sockets = [await live(each) for each in site.processes.everywhere(alice)]
    site.postgresql.freeze()
    began = time.monotonic()
    codes = await asyncio.wait_for(asyncio.gather(*map(told_to_leave, sockets)), 60)
    assert codes == [1012, 1012]
    assert time.monotonic() - began > 25
    site.postgresql.thaw()
    await until_true(site.are_well)
    back = await live(site.processes.at(1, alice))
    sent = await site.processes.at(0, bob).send(alice, "again")
    assert (await back.read_until("new_message"))["seq"] == sent["id"]

"""``kill -9`` between the steps of removing and undoing: whatever the order, all is in the end as it was before."""

import asyncio
import itertools
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chatd.storage.commit import Transaction, write_once
from tests.conftest import Size
from tests.faults.load import people_on
from tests.groups import act, code_of, made_with, say, undo
from tests.process import ServerProcess
from tests.support import Person, until_true

#: How many messages somebody has in the group: three steps.
MESSAGES = 1_010


async def picture(people: list[Person], group: int, code: str) -> list[Any]:
    """Return what is to be as before: who is there, what is said, what is counted, and a code."""
    owner, other = people[:2]
    members = await owner.get(f"/groups/{group}/members")
    pages, after = [], 0
    while items := (await owner.get(f"/messages?group={group}&after={after}&limit=100"))["items"]:
        pages += [(each["id"], each["content"], each["removed"], each["mentions"]) for each in items]
        after = items[-1]["id"]
    (state,) = (await owner.get("/conversations"))["conversations"]
    (theirs,) = (await other.get("/conversations"))["conversations"]
    seen = await other.get(f"/join/{code}")
    del theirs["activity"]
    return [members, pages, state["unread_count"], state["mention_count"], theirs, seen]


@asynccontextmanager
async def killed(data_dir: Path, people: list[Person], dice: random.Random) -> AsyncIterator[None]:
    """Serve, and kill the server soon after what is done meanwhile."""
    with ServerProcess(data_dir) as server:
        async with people_on(server, people):
            yield
            await asyncio.sleep(dice.uniform(0, 0.1))
            server.signal(signal.SIGKILL)
        assert await asyncio.to_thread(server.wait) == -signal.SIGKILL


def write_a_lot(data_dir: Path, group: int, author: int) -> None:
    """Let somebody have said a lot, to everybody."""

    def work(tx: Transaction) -> None:
        columns = ("id", "conversation_id", "sender_id", "content", "created_at", "mentions_all")
        rows = [(10_000 + number, group, author, f"n{number}", 1, 1) for number in range(MESSAGES)]
        tx.db.insert_many("messages", columns, rows)
        counted = "UPDATE conversations SET message_count = message_count + :count, last_message_id = :last"
        tx.db.execute(counted, {"count": MESSAGES, "last": rows[-1][0]})
        sent = "UPDATE memberships SET sent_count = sent_count + :count WHERE user_id = :author"
        tx.db.execute(sent, {"count": MESSAGES, "author": author})

    write_once(data_dir / "chatd.db", work)


async def test_undoing_in_any_order_with_kills_in_between_leaves_all_as_it_was(tmp_path: Path, size: Size) -> None:
    data_dir, people, dice = tmp_path / "data", list[Person](), random.Random(1)
    with ServerProcess(data_dir) as server:
        async with people_on(server, people):
            group = await made_with(people[0], people[1])
            code = await code_of(people[1], group)
            one = await say(people[1], group, "@user0")
    write_a_lot(data_dir, group, people[1].id)
    before: list[Any] = []
    for order in dice.sample(list(itertools.permutations(range(3))), size(short=1, long=6)):
        done: list[dict[str, Any]] = []
        async with killed(data_dir, people, dice):
            before.extend([] if before else await picture(people, group, code))
            done.append(await act(people[0], group, "remove", message_id=one))
            done.append(await act(people[0], group, "ban", people[1], remove="all"))
        async with killed(data_dir, people, dice):
            done.append(await act(people[0], group, "remove", people[1], remove="all"))
        for which in order:
            async with killed(data_dir, people, dice):
                await undo(people[0], group, done[which])
        with ServerProcess(data_dir) as server:
            async with people_on(server, people):

                async def is_restored() -> bool:
                    path = f"/groups/{group}/members"
                    is_back = len((await people[0].get(path))["members"]) == 2
                    return is_back and await picture(people, group, code) == before

                await until_true(is_restored)

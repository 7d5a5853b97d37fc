"""Storing a batch of messages: the writer alone, without a server, a network or a sync of the disk."""

import random
import statistics
import time
from contextlib import closing
from functools import partial
from pathlib import Path

from bench.works.work import Case, Figure, Values, Work
from chatd.places import UserPlace
from chatd.services.posting import Post
from chatd.storage import users
from chatd.storage.commit import Transaction, commit, write_once
from chatd.storage.database import BATCH_LIMIT
from chatd.storage.engine.sqlite.connections import connect
from chatd.storage.engine.sqlite.migrate import migrate
from chatd.storage.memory import Memory

#: How many people write to each other, in pairs; how many batches are measured, after some that are not.
PEOPLE, BATCHES, WARM = 100, 60, 10


def add_people(tx: Transaction) -> None:
    """Make the accounts, whose ids begin with 1."""
    for number in range(PEOPLE):
        name = f"person{number}"
        users.insert(
            tx.db,
            username=name,
            username_key=name,
            nickname=name,
            search_key=name,
            password_hash=None,
            is_ai=False,
            role="member",
            created_at=1,
        )


def stored(every: int | None, directory: Path) -> Values:
    """Return the processor's time that a message takes, in µs.

    :param every: how many messages there are for one that is a reply; None where there is no reply.
    """
    path = directory / "chatd.db"
    migrate(path)
    write_once(path, add_people)
    chance = random.Random(1)
    times: list[float] = []
    newest: dict[int, int] = {}
    with closing(connect(path, checkpoints=True, synchronous="OFF")) as db:
        db.count_changes()
        memory = Memory(db)
        for batch in range(WARM + BATCHES):
            pairs = [chance.randrange(PEOPLE // 2) for _ in range(BATCH_LIMIT)]
            posts = []
            for at, pair in enumerate(pairs):
                sender, receiver = chance.sample([1 + pair, 1 + pair + PEOPLE // 2], 2)
                reply_to = newest.get(pair) if every is not None and at % every == 0 else None
                client_id = f"{batch:08x}-{at:04x}-4000-8000-000000000000"
                posts.append(Post(sender, UserPlace(receiver), "Good morning!", client_id, reply_to, None, batch))
            began = time.thread_time()
            committed = commit(db, memory, posts)
            times.append((time.thread_time() - began) / BATCH_LIMIT * 1e6)
            for pair, outcome in zip(pairs, committed.outcomes, strict=True):
                assert outcome.result is not None, outcome.error
                newest[pair] = outcome.result.message.id
    return {"us": statistics.median(times[WARM:])}


WORKS = (
    Work(
        "batches",
        "A batch of messages",
        f"{BATCH_LIMIT} private messages between {PEOPLE} people in one commit, by the writer alone: the processor's"
        " time for each, without a server, a network or a sync of the disk.",
        [Figure("us", "µs a message", 1)],
        [
            Case("no reply", lambda: None, partial(stored, None)),
            *(Case(f"one reply in {every}", lambda: None, partial(stored, every)) for every in (BATCH_LIMIT, 64, 8)),
        ],
        rounds=5,
        against="no reply",
    ),
)

"""A program with a durable consumer: ``python -m tests.consumers.following DATABASE STEP HOLD_AT``.

It says the ``seq`` of each change it handles. At the change ``HOLD_AT`` it stands still, its cursor not yet stored.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from chatd.consumers import DurableConsumer
from chatd.models import LogEntry
from chatd.storage.database import Database
from chatd.storage.stores import Store
from tests.engines import open_engine


def say(what: object) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


class Following(DurableConsumer):
    """Says what it handles."""

    name = "following"

    def __init__(self, db: Database, step: int, hold_at: int) -> None:
        super().__init__(db, step=step)
        self._hold_at = hold_at

    async def handle(self, entries: Sequence[LogEntry]) -> None:
        """Say which changes."""
        for entry in entries:
            say(entry.seq)
            if entry.seq == self._hold_at:
                await asyncio.Future()


async def main(store: Store, step: int, hold_at: int) -> None:
    """Follow until killed."""
    db = Database(open_engine(store))
    await db.open()
    await Following(db, step, hold_at).start()
    say("started")
    await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))

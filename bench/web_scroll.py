"""How smoothly the web client scrolls a long conversation.

Usage: ``python -m bench.web_scroll [--messages 50000]``, from the root of the repository, with the web client built and
Chromium installed. It puts a conversation straight into the database of a server of its own, opens it in the browser,
and prints for each thing done there how long it took, the longest task that kept the page from answering
(``PerformanceObserver``, which sees those from 50 ms), and how long the frames took. ``--json`` prints JSON instead.
"""

import argparse
import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.process import ServerProcess, client_of
from tests.support import Person, register
from tests.web.browser import Device, Devices, chromium

#: How far one turn of the wheel goes, in pixels, and how many turns a scroll is.
STEP, STEPS = 600, 150

#: Notes the long tasks and the time of each frame.
OBSERVE = """
    globalThis.tasks = []
    globalThis.frames = []
    new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration)))
      .observe({ type: 'longtask', buffered: true })
    let last = performance.now()
    const frame = now => { frames.push(now - last); last = now; requestAnimationFrame(frame) }
    requestAnimationFrame(frame)
"""

#: Goes to the top again and again, until there is nothing older.
LOAD_ALL = """
    log => new Promise(done => {
      const again = () => {
        log.scrollTop = 0
        if (log.querySelector('[data-message-id="%d"]')) done()
        else requestAnimationFrame(again)
      }
      again()
    })
"""

Figures = dict[str, dict[str, float]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.web_scroll", description="Measure a long conversation.")
    parser.add_argument("--messages", type=int, default=50_000, metavar="N", help="how many messages (50000)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    if options.messages < 1000:
        parser.error("there must be at least 1000 messages")
    with tempfile.TemporaryDirectory(prefix="chatd-bench-") as directory:
        figures = asyncio.run(measure(Path(directory) / "data", options.messages))
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        show(figures)


def show(figures: Figures) -> None:
    """Print a table."""
    columns = list(next(iter(figures.values())))
    print(f"{'':<28}" + "".join(f"{column:>22}" for column in columns))
    for name, row in figures.items():
        print(f"{name:<28}" + "".join(f"{row[column]:>22.1f}" for column in columns))


async def measure(data_dir: Path, count: int) -> Figures:
    """Return the figures of everything done, by its name.

    :param data_dir: not there yet.
    :param count: how many messages there are.
    """
    figures: Figures = {}
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client, chromium() as browser:
            ada, grace = await register(client, "ada"), await register(client, "grace")
            first = fill(data_dir / "chatd.db", ada, grace, count)
            await ada.post(f"/messages/read/{grace.id}")
            devices = Devices(browser, server.url)
            desk = await devices.desk(ada)
            await desk.context.add_init_script(OBSERVE)
            await desk.open("/messages")
            await expect(desk.conversations.of(grace.nickname)).to_be_visible()
            page, log = desk.page, desk.chat.log

            async with measured(page, figures, "open the conversation"):
                await desk.conversations.of(grace.nickname).click()
                await expect(desk.chat.message(f"message {count}:")).to_be_in_viewport()
            async with measured(page, figures, "scroll up, loading"):
                await turn(desk, -STEP)
            async with measured(page, figures, "load everything"):
                await log.evaluate(LOAD_ALL % first)
            async with measured(page, figures, "scroll down, all loaded"):
                await turn(desk, STEP)
            async with measured(page, figures, "drag the scroll bar"):
                for part in range(100, -1, -2):
                    await log.evaluate("(log, part) => { log.scrollTop = log.scrollHeight * part }", part / 100)
                    await page.evaluate("new Promise(requestAnimationFrame)")
            async with measured(page, figures, "write 20 messages"):
                for number in range(20):
                    await desk.chat.box.press_sequentially(f"written {number:02}")
                    await desk.chat.box.press("Enter")
                    await expect(desk.chat.message(f"written {number:02}")).to_be_in_viewport()
            async with measured(page, figures, "receive 50 messages"):
                for number in range(50):
                    await grace.send(ada, f"received {number}")
                await expect(desk.chat.message("received 49")).to_be_in_viewport()
            await devices.close()
    return figures


def fill(database: Path, one: Person, other: Person, count: int) -> int:
    """Send ``count`` messages of two people in turn, all at once, and return the id of the first."""
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("BEGIN IMMEDIATE")
        (chat,) = db.execute(
            "INSERT INTO conversations (kind, low_user_id, high_user_id, created_at) VALUES ('private', ?, ?, 0) "
            "RETURNING id",
            sorted((one.id, other.id)),
        ).fetchone()
        now = int(time.time() * 1000)
        db.executemany(
            "INSERT INTO messages (conversation_id, sender_id, content, created_at) VALUES (?, ?, ?, ?)",
            (
                (chat, (one.id, other.id)[number % 3 == 0], text(number), now - (count - number) * 60_000)
                for number in range(1, count + 1)
            ),
        )
        first, last = db.execute("SELECT min(id), max(id) FROM messages").fetchone()
        db.execute("UPDATE conversations SET message_count = ?, last_message_id = ? WHERE id = ?", (count, last, chat))
        db.execute(
            """
            INSERT INTO memberships (conversation_id, user_id, sent_count)
            SELECT conversation_id, sender_id, count(*) FROM messages GROUP BY conversation_id, sender_id
            """
        )
        db.execute("COMMIT")
    return int(first)


def text(number: int) -> str:
    """Return what a message says: most are short, some are long, some have a link."""
    words = "the quick brown fox jumps over the lazy dog " * (number * 7 % 11 if number % 5 else number % 40)
    link = f" https://example.org/{number}" if number % 17 == 0 else ""
    return f"message {number}: {words.strip()}{link}"


async def turn(desk: Device, step: float) -> None:
    """Turn the wheel over the messages, a frame between one turn and the next."""
    await desk.chat.log.hover()
    for _ in range(STEPS):
        await desk.page.mouse.wheel(0, step)
        await desk.page.evaluate("new Promise(requestAnimationFrame)")


@asynccontextmanager
async def measured(page: Page, figures: Figures, name: str, *, fresh: str | None = None) -> AsyncIterator[None]:
    """Note what the page went through in the ``with``.

    :param fresh: the address to go to first, which is measured too.
    """
    began = time.perf_counter()
    if fresh is None:
        await page.evaluate("tasks.length = frames.length = 0")
    else:
        await page.goto(fresh)
    yield
    took = time.perf_counter() - began
    await page.evaluate("new Promise(done => requestAnimationFrame(() => requestIdleCallback(done)))")
    found: dict[str, Any] = await page.evaluate("({ tasks, frames })")
    frames = sorted(found["frames"]) or [0.0]
    figures[name] = {
        "took, s": took,
        "longest task, ms": max(found["tasks"], default=0.0),
        "tasks over 50 ms": float(len(found["tasks"])),
        "frame, median, ms": statistics.median(frames),
        "frame, 99th part, ms": frames[int(len(frames) * 0.99)],
        "longest frame, ms": frames[-1],
    }


if __name__ == "__main__":
    main()

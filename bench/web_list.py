"""How smoothly the web client shows a long list of conversations.

Usage: ``python -m bench.web_list [--conversations 1000] [--slower 4]``, from the root of the repository, with the web
client built and Chromium installed. It gives somebody that many conversations, straight in the database of a server of
its own, and prints for each thing done in the browser what :mod:`bench.web_scroll` prints. ``--slower`` has the browser
compute that many times as slowly, as a phone does.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import expect

from bench.web_scroll import OBSERVE, Figures, measured, show
from tests.process import ServerProcess, client_of
from tests.support import register
from tests.web.browser import Devices, chromium
from tests.web.crowd import fill

#: How many chats are opened one after another, and how many messages come to other chats meanwhile.
SWITCHES, ARRIVALS = 10, 50


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.web_list", description="Measure a long list.")
    parser.add_argument("--conversations", type=int, default=1000, metavar="N", help="how many there are (1000)")
    parser.add_argument("--slower", type=float, default=1, metavar="N", help="how many times as slow (1)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    if options.conversations < 2 * SWITCHES:
        parser.error(f"there must be at least {2 * SWITCHES} conversations")
    with tempfile.TemporaryDirectory(prefix="chatd-bench-") as directory:
        figures = asyncio.run(measure(Path(directory) / "data", options.conversations, options.slower))
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        show(figures)


async def measure(data_dir: Path, count: int, slower: float) -> Figures:
    """Return the figures of everything done, by its name.

    :param data_dir: not there yet.
    :param count: how many conversations there are.
    :param slower: how many times as slowly the browser computes.
    """
    figures: Figures = {}
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client, chromium() as browser:
            ada, grace = await register(client, "ada"), await register(client, "grace")
            fill(data_dir / "chatd.db", ada, count)
            devices = Devices(browser, server.url)
            desk = await devices.desk(ada)
            await desk.context.add_init_script(OBSERVE)
            page, entries = desk.page, desk.conversations
            processor = await desk.context.new_cdp_session(page)
            await processor.send("Emulation.setCPUThrottlingRate", {"rate": slower})
            everything = desk.navigation.unread(count // 10)

            await desk.open("/login")
            async with measured(page, figures, "open, first visit", fresh="/messages"):
                await expect(entries.of(f"Person {count}")).to_be_visible()
                await expect(everything).to_be_visible()
            async with measured(page, figures, "open, again", fresh="/messages"):
                await expect(entries.of(f"Person {count}")).to_be_visible()
                await expect(everything).to_be_visible()
            async with measured(page, figures, f"switch {SWITCHES} times"):
                for number in range(SWITCHES):
                    await entries.of(f"Person {count - number}").click()
                    await expect(desk.chat.message(f"hello from {count - number}")).to_be_in_viewport()
            async with measured(page, figures, f"receive {ARRIVALS} messages"):
                for number in range(ARRIVALS):
                    await grace.send(ada, f"received {number}")
                await expect(entries.of(grace.nickname)).to_contain_text(f"received {ARRIVALS - 1}")
            async with measured(page, figures, "scroll the list"):
                await entries.list.hover()
                for _ in range(100):
                    await page.mouse.wheel(0, 600)
                    await page.evaluate("new Promise(requestAnimationFrame)")
            await devices.close()
    return figures


if __name__ == "__main__":
    main()

"""``chatd`` that says how it is: on SIGUSR1 it logs what it holds, and how late its loop has been."""

import asyncio
import contextlib
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import argon2

from chatd import cli, serve
from chatd.http.context import REGISTRY
from chatd.serve import log
from tests.process import ServerProcess
from tests.support import until

#: How often the loop is asked whether it turns, in seconds.
TICK = 0.005

#: What runs the server.
PROGRAM = (__file__,)


class Observed(serve.Server):
    """A server that is watched."""

    async def start(self) -> None:
        """Start, and watch from then on."""
        await super().start()
        self._lag = 0.0
        self._watching = asyncio.create_task(self._watch())
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._tell)

    async def stop(self) -> None:
        """Watch no more, and stop."""
        self._watching.cancel()
        await super().stop()

    async def _watch(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(TICK)
            self._lag = max(self._lag, time.monotonic() - began - TICK)

    def _tell(self) -> None:
        registry = self.app[REGISTRY]
        seen = {
            "lag_ms": round(self._lag * 1000, 1),
            "connections": len(registry.all()),
            "registry": len(registry._by_user) + len(registry._waiting) + registry._admitted,
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
            "files": len(_files()),
            "hashes": _hashes.total(),
        }
        self._lag = 0.0
        log.info("observed", extra=seen)


def _files() -> set[str]:
    """Return what is open, each file once: a reader opens the database's log when it first has something to read."""
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the list itself
            found.add(str(each.readlink()))
    return found


_hashes: Counter[str] = Counter()


def _count(name: str) -> None:
    real = getattr(argon2.PasswordHasher, name)

    def counted(*arguments: Any) -> Any:
        _hashes[name] += 1
        return real(*arguments)

    setattr(argon2.PasswordHasher, name, counted)


async def observe(server: ServerProcess) -> dict[str, Any]:
    """Return how a server is, and how late its loop was since the last time, in milliseconds."""
    said = len(_said(server))
    server.signal(signal.SIGUSR1)
    await until(lambda: len(_said(server)) > said)
    return _said(server)[-1]


def _said(server: ServerProcess) -> list[dict[str, Any]]:
    return [entry for entry in server.entries if entry["message"] == "observed"]


if __name__ == "__main__":
    for _name in ("hash", "verify"):
        _count(_name)
    serve.Server = Observed  # type: ignore[misc]
    raise SystemExit(cli.main(sys.argv[1:]))

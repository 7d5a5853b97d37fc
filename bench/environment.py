"""Where something was measured: nobody can read a figure without it."""

import os
import platform
import resource
import sqlite3
import statistics
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.generator import cores, scratch
from bench.servers.chatd import HERE

#: How many syncs of a page are timed.
SYNCS = 200


def describe() -> dict[str, str]:
    """Return what the figures depend on, by name."""
    return {
        "measured": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "chatd": _commit(),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_version()}, aiohttp {version('aiohttp')}, SQLite {sqlite3.sqlite_version}",
        "one fdatasync of 4 KiB": f"{sync_ms():.2f} ms",
    }


def sync_ms() -> float:
    """Return the median time that the disk takes to keep 4 KiB, in milliseconds."""
    times = []
    with scratch() as directory, (directory / "page").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


class Others:
    """What anything but us takes of the two cores that are measured on."""

    def __init__(self) -> None:
        self._began = time.monotonic(), _busy_seconds(), _own_seconds()

    def share(self) -> float:
        """Return their share of both cores since this was created."""
        began, busy, own = self._began
        took = (time.monotonic() - began) * len(set(cores()))
        return max(0.0, (_busy_seconds() - busy - (_own_seconds() - own)) / took)


def _busy_seconds() -> float:
    """Return how long the cores have worked: user, nice, system, irq, softirq and steal of /proc/stat (proc(5))."""
    names = {f"cpu{core}" for core in cores()}
    ticks = 0
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *counts = line.split()
        if name in names:
            user, nice, system, _idle, _waiting, irq, softirq, steal = map(int, counts[:8])
            ticks += user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Return how long we and the children that have ended worked."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(who)
        total += used.ru_utime + used.ru_stime
    return total


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=10"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return f"{version('chatd')} ({done.stdout.strip() or 'not a repository'})"

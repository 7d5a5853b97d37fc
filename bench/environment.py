"""Where something was measured: nobody can read a figure without it."""

import os
import platform
import sqlite3
import statistics
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.generator import scratch
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

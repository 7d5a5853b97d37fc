"""Other processes of this machine, read from /proc: https://docs.kernel.org/filesystems/proc.html"""

import contextlib
import datetime as dt
import os
import time
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")

#: A listening socket, in the fourth column of /proc/net/tcp.
_LISTENS = "0A"


def described(pid: int) -> str:
    """Describe a process for a person: its number, its name and its start, as far as this process may know."""
    words = [f"process {pid}"]
    with contextlib.suppress(OSError, ValueError):
        words.append(f"({(_PROC / str(pid) / 'comm').read_text(encoding='utf-8', errors='replace').strip()})")
    with contextlib.suppress(OSError, ValueError, IndexError):
        words.append(f"since {dt.datetime.fromtimestamp(_started_at(pid), dt.UTC):%Y-%m-%d %H:%M} UTC")
    return " ".join(words)


def who_listens(port: int) -> int | None:
    """Return a process that listens on a TCP port of this machine; None where none is known."""
    inodes = set(_sockets_of(port))
    if not inodes:
        return None
    for process in _PROC.iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):  # another user's, or ended meanwhile
                if any(_target(each) in inodes for each in (process / "fd").iterdir()):
                    return int(process.name)
    return None


def _sockets_of(port: int) -> Iterator[str]:
    """Yield the sockets that listen on a port, as /proc has them among the open files of a process."""
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
                _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
                if state == _LISTENS and int(local.rpartition(":")[2], 16) == port:
                    yield f"socket:[{inode}]"


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # closed meanwhile
        return ""


def _started_at(pid: int) -> float:
    """Return when a process began, in seconds since 1970: column 22 of its ``stat`` counts from the machine's start."""
    stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    ticks = int(stat.rpartition(")")[2].split()[19])
    up = float((_PROC / "uptime").read_text(encoding="ascii").split()[0])
    return time.time() - up + ticks / os.sysconf("SC_CLK_TCK")

"""The machine: its disks, its SQLite, its limits and its clock."""

import contextlib
import ctypes
import datetime as dt
import os
import resource
from collections.abc import Iterator
from pathlib import Path

from chatd import clock
from chatd.config import Config
from chatd.data_dir import server_pid
from chatd.doctor.findings import Finding, change, good, mib
from chatd.storage.engine.sqlite.migrate import FOUND, WANTED, library_is_new_enough

#: The bytes that should be free besides two more copies of the database (an upgrade makes one, a backup another).
FREE = 256 * 1024 * 1024

#: Open files besides the sockets: the database, the log, the library's own.
OTHER_FILES = 100

#: Years that a clock may show: this program is younger than the first, and no longer in use after the last.
YEARS = range(2026, 2100)

#: The result of adjtimex(2) if the clock is not synchronised.
TIME_ERROR = 5


def look(config: Config) -> Iterator[Finding]:
    """Check the machine."""
    yield from _disks(config)
    yield _sqlite()
    yield _open_files(config)
    yield _clock()


def _disks(config: Config) -> Iterator[Finding]:
    size = 0
    with contextlib.suppress(PermissionError):  # which is said elsewhere
        files = config.data_dir.glob("chatd.db*")
        size = sum(path.stat().st_size for path in files if path.name[-3:] in (".db", "wal"))
    data = _existing(config.data_dir)
    yield _disk(data, size * 2 + FREE)
    backups = _existing(config.backups)
    if config.backup.every_hours and backups.stat().st_dev != data.stat().st_dev:
        yield _disk(backups, size)


def _disk(directory: Path, needed: int) -> Finding:
    about = "disk"
    disk = os.statvfs(directory)
    free = disk.f_bavail * disk.f_frsize
    if disk.f_flag & os.ST_RDONLY:
        return change(about, f"{directory} is on a disk that is mounted read-only: mount -o remount,rw")
    if free < needed:
        return change(
            about, f"free {mib(needed - free)} more where {directory} is: {mib(free)} of {mib(needed)} are free"
        )
    if disk.f_files and not disk.f_favail:
        return change(about, f"remove files where {directory} is: it has room, but not for one more file")
    return good(about, f"{mib(free)} are free where {directory} is")


def _existing(directory: Path) -> Path:
    """Return the nearest directory above that exists and that this account may see."""
    return next(each for each in (directory, *directory.parents) if os.path.isdir(each))  # noqa: PTH112 (it raises nothing)


def _sqlite() -> Finding:
    if not library_is_new_enough():
        return change("SQLite", f"it is {FOUND}: install a Python with SQLite {WANTED} or newer")
    return good("SQLite", FOUND)


def _open_files(config: Config) -> Finding:
    about = "open files"
    pid = server_pid(config.data_dir)
    allowed = None if pid is None else _limit_of(pid)
    whose = "the server" if allowed is not None else "a server started from here"
    if allowed is None:
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # chatd serve takes as many as it may have
    if allowed in (-1, resource.RLIM_INFINITY):
        return good(about, f"{whose} may have any number")
    needed = config.limits.connections + OTHER_FILES
    if allowed < needed:
        return change(
            about,
            f"{whose} may have {allowed}, and [limits] connections = {config.limits.connections} needs {needed}: "
            f"LimitNOFILE={needed} in the unit, or `ulimit -n {needed}` before `chatd serve`, or fewer connections",
        )
    if not config.limits.connections:
        return good(about, f"{whose} may have {allowed}; [limits] connections sets no limit")
    return good(about, f"{whose} may have {allowed}, of which {needed} are needed")


def _limit_of(pid: int) -> int | None:
    """Return the soft limit of a process; -1 for no limit, None if it is unknown."""
    try:
        lines = Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    (soft,) = (line.split()[3] for line in lines if line.startswith("Max open files"))
    return -1 if soft == "unlimited" else int(soft)


def _clock() -> Finding:
    now = dt.datetime.fromtimestamp(clock.now() / 1000, dt.UTC)
    shown = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now.year not in YEARS:
        return change("clock", f"it shows {shown}: set it, and have it synchronised (timedatectl set-ntp true)")
    synchronised = _is_synchronised()
    if synchronised is False:
        return change("clock", f"it shows {shown} and is not synchronised: timedatectl set-ntp true")
    return good(
        "clock", f"{shown}, {'synchronised' if synchronised else 'and whether it is synchronised is not known'}"
    )


def _is_synchronised() -> bool | None:
    """Report whether the clock is synchronised, by whatever program; None if the kernel may not be asked."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(1024))  # zeros: asks, and sets nothing
    except (AttributeError, OSError):
        return None
    return None if state < 0 else bool(state != TIME_ERROR)

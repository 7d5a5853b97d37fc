"""A disk that can be full, fail to sync and lose its power, and a clock that jumps, below a real server: ``shim.c``."""

import errno
import functools
import mmap
import random
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

_SOURCE = Path(__file__).with_name("shim.c")
_SQLITE_SOURCE = Path(__file__).with_name("sqlite_shim.c")

_CONTROL = struct.Struct("qqqqqq")  # struct control
_UNDO = struct.Struct("qqq")  # struct undo

#: What a disk writes whole or not at all, in bytes: what SQLite takes for granted (https://sqlite.org/psow.html).
SECTOR = 512

#: How much of what was not synced a power cut forgets.
Forgets = Literal["everything", "some", "nothing"]


def sqlite_that_keeps_what_is_deleted() -> dict[str, str]:
    """Return the environment of a process whose SQLite overwrites what is deleted only where it is told to."""
    return {"LD_PRELOAD": str(_compiled(_SQLITE_SOURCE))}


@functools.cache
def _compiled(source: Path) -> Path:
    directory = tempfile.TemporaryDirectory(prefix="chatd-shim-")
    _kept.append(directory)
    library = Path(directory.name) / "shim.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", library, source, "-ldl", "-lpthread"],
        check=True,
    )
    return library


_kept: list["tempfile.TemporaryDirectory[str]"] = []


class Shim:
    """What a server's disk and clock do; :attr:`variables` puts it below a process."""

    def __init__(self, data_dir: Path, scratch: Path, *, journal: bool = False) -> None:
        """Create a disk and a clock with nothing wrong.

        :param data_dir: the directory whose files are on the disk; it need not be there yet.
        :param scratch: where the shim keeps its own files.
        :param journal: whether it shall be able to forget what was not synced.
        """
        self._data_dir = data_dir.parent.resolve() / data_dir.name
        self._journal = scratch / "journal"
        self._journal.mkdir(parents=True)
        control = scratch / "control"
        control.write_bytes(bytes(_CONTROL.size))
        with control.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), _CONTROL.size)
        self._state = [0] * 6
        #: The environment of a process that shall have this disk and clock.
        self.variables = {
            "LD_PRELOAD": str(_compiled(_SOURCE)),
            "FAULTS_DIRECTORY": str(self._data_dir),
            "FAULTS_CONTROL": str(control),
        }
        if journal:
            self.variables["FAULTS_JOURNAL"] = str(self._journal)

    def fail_syncs(self) -> None:
        """From now on every sync fails, as on a disk that has lost what it was given."""
        self._set(0, errno.EIO)

    def sync_again(self) -> None:
        """Let syncs succeed."""
        self._set(0, 0)

    def fill(self) -> None:
        """From now on no file can grow."""
        self._set(1, 1)

    def make_room(self) -> None:
        """Let files grow."""
        self._set(1, 0)

    def move_clock(self, seconds: float) -> None:
        """Make the wall clock jump by so much from the true time."""
        self._set(2, int(seconds * 1000))

    def have_no_links(self, error: int) -> None:
        """From now on no file can have a second name, as on exFAT and SMB.

        :param error: the errno that such a file system gives.
        """
        self._set(3, error)

    def have_no_locks(self, error: int) -> None:
        """From now on nothing can be locked, as on a network's file system without a lock manager."""
        self._set(4, error)

    def have_no_permissions(self) -> None:
        """From now on everybody may read whatever is made, as on exFAT and SMB."""
        self._set(5, 1)

    def cut_power(self, chance: random.Random, forgets: Forgets) -> int:
        """Make of the database what a disk may have of it when the power goes; the server has been killed.

        :param forgets: all that was not synced; of each sector at random whether it was written; or nothing.
        :return: how many writes had not been synced.
        """
        self._data_dir.joinpath("chatd.db-shm").unlink(missing_ok=True)  # it is memory, shared through a file
        unsynced = 0
        for path in sorted(self._journal.glob("*.undo")):
            unsynced += self._forget(self._data_dir / path.stem, path.read_bytes(), chance, forgets)
            path.write_bytes(b"")
        for path in sorted(self._journal.glob("*.created")):
            if forgets == "everything":
                (self._data_dir / path.stem).unlink(missing_ok=True)
            path.unlink()
        return unsynced

    def _forget(self, path: Path, records: bytes, chance: random.Random, forgets: Forgets) -> int:
        undone = 0
        written = path.read_bytes()
        synced = bytearray(written)
        for offset, bytes_, size in reversed(_records(records)):
            synced.extend(bytes(max(0, offset + len(bytes_) - len(synced))))
            synced[offset : offset + len(bytes_)] = bytes_
            synced.extend(bytes(max(0, size - len(synced))))
            del synced[size:]
            undone += 1
        if forgets == "everything":
            path.write_bytes(synced)
        elif forgets == "some":
            path.write_bytes(_mixed(bytes(synced), written, chance))
        return undone

    def _set(self, index: int, value: int) -> None:
        self._state[index] = value
        self._control[index * 8 : index * 8 + 8] = struct.pack("q", value)


def _records(data: bytes) -> list[tuple[int, bytes, int]]:
    """Return the undo records; one cut short is of a write that was never done."""
    found = []
    while len(data) >= _UNDO.size:
        offset, length, size = _UNDO.unpack_from(data)
        content = data[_UNDO.size : _UNDO.size + length]
        if len(content) == length:
            found.append((offset, content, size))
        data = data[_UNDO.size + length :]
    return found


def _mixed(old: bytes, new: bytes, chance: random.Random) -> bytes:
    """Return of each sector the old or the new state; the file has its new size."""
    old = old[: len(new)].ljust(len(new), b"\0")
    return b"".join(chance.choice((old, new))[start : start + SECTOR] for start in range(0, len(new), SECTOR))

"""The file in which a bot keeps how far it has come."""

import asyncio
import contextlib
import os
from pathlib import Path

from chatd.client.models import Cursor

#: The greatest number of a change: what JSON carries exactly, as the protocol has it.
LAST_SEQ = 2**53 - 1


class CursorFile:
    """A file with one cursor in it, which stays whole through a kill or a power cut."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Name a file; nothing is read or written yet."""
        self.path = Path(path)

    def read(self) -> Cursor | None:
        """Return the cursor in the file, None where there is no file.

        :raises ValueError: if there is something else in it.
        :raises OSError: if it cannot be read.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        text = content.decode("utf-8-sig").strip()  # some editors put a mark before it
        if not text.isprintable() or " " in text:
            raise ValueError(f"not one cursor: {text!r}")
        cursor = Cursor.parse(text)
        if cursor.seq > LAST_SEQ:
            raise ValueError(f"no place in a log: {text!r}")
        return cursor

    def set_aside(self) -> Path:
        """Rename the file to a name that is free, and return that.

        :raises OSError: if that cannot be done.
        """
        name = f"{self.path.name}.broken"
        number = 1
        while (aside := self.path.with_name(name if number == 1 else f"{name}-{number}")).exists():
            number += 1
        self.path.rename(aside)
        return aside

    def write(self, cursor: Cursor) -> None:
        """Put a cursor into the file; it is on disk afterwards.

        :raises OSError: if that cannot be done; what was there before is still there.
        """
        draft = self.path.with_name(f"{self.path.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(f"{cursor}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        _sync_directory(self.path.parent)

    async def keep(self, cursor: Cursor) -> None:
        """Do :meth:`write` on a thread; a caller that is cancelled still waits for its end."""
        writing = asyncio.ensure_future(asyncio.to_thread(self.write, cursor))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait((writing,))
            with contextlib.suppress(OSError):
                writing.result()
            raise


def _sync_directory(path: Path) -> None:
    """Sync a new name in a directory to disk; systems that cannot open a directory do so by themselves."""
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            os.fsync(number)
    finally:
        os.close(number)

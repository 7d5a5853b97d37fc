"""Send every new line of a log file to somebody, also after the log has been rotated.

CHAT_URL=http://localhost:8000 CHAT_TOKEN=… python examples/follow_log.py /var/log/syslog ada
"""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import BinaryIO

from chatd.client import Client, Refused, run_program

#: The longest message, in characters.
LONGEST = 2000

#: The most that is read at once, in bytes.
CHUNK = 64 * 1024


async def lines_of(path: Path, pause: float = 1.0) -> AsyncGenerator[list[str], None]:
    """Go through the lines that are added to a file, as many at a time as there are.

    When another file takes the name, the old one is read until nothing has come for a pause, then the new one from its
    beginning. A file that is cut short is read from its beginning, too.

    :param pause: how long to wait before looking again, in seconds.
    """
    file: BinaryIO | None = None
    rest = b""
    is_last_look = False
    with contextlib.suppress(FileNotFoundError):
        file = path.open("rb")
        file.seek(0, os.SEEK_END)
    try:
        while True:
            if file is None:
                with contextlib.suppress(FileNotFoundError):
                    file = path.open("rb")
            if file is None:
                await asyncio.sleep(pause)
                continue
            if os.fstat(file.fileno()).st_size < file.tell():
                file.seek(0)
            data = file.read(CHUNK)
            *lines, rest = (rest + data).split(b"\n")
            if not data and is_last_look:
                file.close()
                file = None
            if rest and (file is None or len(rest) > CHUNK):
                lines.append(rest)
                rest = b""
            if lines:
                yield [line.decode(errors="replace").rstrip("\r").replace("\0", "\ufffd") for line in lines]
            is_last_look = file is not None and not data and _is_replaced(file, path)
            if file is not None and not data:
                await asyncio.sleep(pause)
    finally:
        if file is not None:
            file.close()


def _is_replaced(file: BinaryIO, path: Path) -> bool:
    """Return whether there is another file where this one was."""
    try:
        return not os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def messages_of(lines: list[str]) -> list[str]:
    """Put lines together into as few messages as they fit into; a line too long for one is cut."""
    messages: list[str] = []
    for line in lines:
        if not line.strip():
            continue
        for start in range(0, len(line), LONGEST):
            piece = line[start : start + LONGEST]
            if messages and start == 0 and len(messages[-1]) + 1 + len(piece) <= LONGEST:
                messages[-1] += f"\n{piece}"
            else:
                messages.append(piece)
    return messages


async def follow(client: Client, path: Path, username: str, pause: float = 1.0) -> None:
    """Send what is added to a file to a user, for ever."""
    reader = await client.user_named(username)
    async for lines in lines_of(path, pause):
        for text in messages_of(lines):
            try:
                await client.send(reader, text)
            except Refused as error:
                if error.code != "validation_error":
                    raise
                sys.stderr.write(f"left out {text[:50]!r}: {error.detail}\n")  # control characters alone, for one


async def main(arguments: argparse.Namespace) -> None:
    """Follow what the command line says."""
    client = Client.from_environment()
    try:
        await client.check_server()
        await client.connect()
        await follow(client, arguments.path, arguments.to, arguments.pause)
    finally:
        await client.close()


def asked() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description="Send every new line of a log file to somebody.")
    parser.add_argument("path", type=Path)
    parser.add_argument("to", help="the username of who gets the lines")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two looks at the file")
    return parser.parse_args()


if __name__ == "__main__":
    run_program(main(asked()))

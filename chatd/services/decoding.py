"""Shrinks pictures by :mod:`chatd.pictures` in a process of its own, which can break nothing else."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import cast

from chatd import pictures
from chatd.errors import PicturesUnavailable, RateLimited, UnsupportedImage

log = logging.getLogger(__name__)

#: How long a process may take, in seconds: more than its limit of CPU time, as it shares the CPU.
TIME_LIMIT = 20.0

#: How many bytes a process may write: twice the size of 512×512 pixels before compression.
OUTPUT_LIMIT = 2 * 1024 * 1024

#: How many pictures may wait; they are decoded one at a time.
QUEUE_LIMIT = 8

#: The part of the server's environment that the process gets: enough to start an interpreter, and no secrets.
_INHERITED = ("LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH")

# One thread and one heap: each thread would map another 64 MB, and the memory limit would mean little.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "VIPS_CONCURRENCY": "1"}

_PROGRAM = (sys.executable, "-P", pictures.__file__)


class Decoder:
    """Runs a process for each picture, one at a time; an idle server has none."""

    def __init__(self, program: Sequence[str] = _PROGRAM, time_limit: float = TIME_LIMIT) -> None:
        """Create a decoder.

        :param program: the command that reads a picture on standard input and writes a WebP to standard output.
        :param time_limit: how long it may take, in seconds.
        """
        self._program = program
        self._time_limit = time_limit
        self._turn = asyncio.Semaphore(1)
        self._pending = 0

    async def shrink(self, upload: bytes) -> bytes:
        """Return a picture as WebP, at most :data:`chatd.pictures.MAX_SIDE` wide and high, without metadata.

        :raises UnsupportedImage: it is no JPEG, PNG, GIF or WebP, is damaged, has too many pixels, or broke the
            process that read it.
        :raises RateLimited: too many pictures are waiting.
        :raises PicturesUnavailable: no process can be started, or it lacks its library.
        """
        if self._pending >= QUEUE_LIMIT:
            raise RateLimited(1.0)
        self._pending += 1
        try:
            async with self._turn:
                status, output, errors = await self._run(upload)
        finally:
            self._pending -= 1
        if status == 0 and output[:4] == b"RIFF" and output[8:12] == b"WEBP":
            return output
        if status == pictures.TOO_MANY_PIXELS:
            raise UnsupportedImage("The image has too many pixels.")
        said = errors.decode(errors="replace").strip().rpartition("\n")[2]
        if status == pictures.NO_LIBRARY:
            log.error("pictures cannot be decoded: %s", ascii(said), extra={"event": "decoder_unusable"})
            raise PicturesUnavailable
        if status != pictures.UNREADABLE:
            log.warning(
                "refused a picture that broke its decoder: status %s, %s",
                status,
                ascii(said),
                extra={"event": "decoder_broken", "status": status},
            )
        raise UnsupportedImage

    async def _run(self, upload: bytes) -> tuple[int | None, bytes, bytes]:
        """Return the exit status (negative for a signal, None if we ended the process), output and errors."""
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ} | _ENVIRONMENT
        try:
            transport, process = await asyncio.get_running_loop().subprocess_exec(
                _Process,
                *self._program,
                env=environment,
                start_new_session=True,  # a terminal's Ctrl-C is for the server
            )
        except OSError as error:
            log.error("pictures cannot be decoded: %s", error, extra={"event": "decoder_unusable"})
            raise PicturesUnavailable from error
        try:
            process.feed(upload)
            async with asyncio.timeout(self._time_limit):
                await process.ended.wait()
        except TimeoutError:
            process.is_cut = True
        finally:
            process.end()
            await process.ended.wait()
        return (
            None if process.is_cut else transport.get_returncode(),
            bytes(process.written[1]),
            bytes(process.written[2]),
        )


class _Process(asyncio.SubprocessProtocol):
    """Collects what a process writes, up to :data:`OUTPUT_LIMIT`."""

    def __init__(self) -> None:
        self.written = {1: bytearray(), 2: bytearray()}
        self.ended = asyncio.Event()
        self.is_cut = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._stdin = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))

    def feed(self, content: bytes) -> None:
        """Write ``content`` to the process and close its input."""
        self._stdin.write(content)
        self._stdin.close()

    def end(self) -> None:
        """Kill the process and any it has started."""
        if self._stdin.get_write_buffer_size():
            self._stdin.abort()  # closing would wait until everything is read
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._transport.get_pid(), signal.SIGKILL)  # it leads its own session
        self._transport.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.written[fd] += data
        if len(self.written[fd]) > OUTPUT_LIMIT:
            self.is_cut = True
            self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()

"""The process that decodes a picture: whatever becomes of it, the picture is refused and nothing else happens."""

import asyncio
import fcntl
import gc
import logging
import os
import sys
from pathlib import Path

import pytest

from chatd import pictures
from chatd.errors import PicturesUnavailable, RateLimited, UnsupportedImage
from chatd.services.decoding import OUTPUT_LIMIT, QUEUE_LIMIT, Decoder
from tests.api.test_avatars import picture
from tests.support import PATIENCE

#: What a decoder that somebody has taken over, or that is broken, may do.
MISBEHAVIOUR = {
    "crash": "import os; os.abort()",
    "hang": "import sys; sys.stdin.buffer.read(); sys.stdout.close(); import time; time.sleep(1000)",
    "hang before it reads": "import time; time.sleep(1000)",
    "end at once": "",
    "say that all is well, and give a page": "import sys; sys.stdin.buffer.read(); print('<script>alert(1)</script>')",
    "write for ever": "import sys\nwhile True: sys.stdout.buffer.write(bytes(65536))",
    "complain for ever": "import sys\nwhile True: sys.stderr.buffer.write(bytes(65536))",
    "take all memory": "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 27, 1 << 27)); bytes(1 << 30)",
    "leave a child behind": "import os, signal\nif os.fork() == 0: signal.pause()\nos._exit(1)",
    "print a traceback": "raise SystemError('two\\nlines \\x1b[2J')",
}


def program(code: str) -> tuple[str, ...]:
    """Return a program that does something else than decode."""
    return (sys.executable, "-I", "-c", code)


@pytest.mark.parametrize("code", MISBEHAVIOUR.values(), ids=list(MISBEHAVIOUR))
async def test_whatever_a_decoder_does_the_picture_is_refused_and_said_to_be_in_one_line(
    code: str, caplog: pytest.LogCaptureFixture
) -> None:
    is_stuck = "sleep" in code or "fork" in code
    with caplog.at_level(logging.WARNING, "chatd"), pytest.raises(UnsupportedImage):
        await Decoder(program(code), time_limit=0.3 if is_stuck else 30).shrink(bytes(2_000_000))
    (line,) = [record for record in caplog.records if record.name.startswith("chatd")]
    assert line.__dict__["event"] == "decoder_broken"
    assert "\n" not in line.getMessage()
    assert "\x1b" not in line.getMessage()
    gc.collect()  # what is left open warns here, and a warning fails the test


async def test_a_process_that_is_told_nothing_more_is_gone(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(1000)"
    waiting = asyncio.create_task(Decoder(program(code)).shrink(b""))
    async with asyncio.timeout(30):
        while not pid.is_file() or not pid.read_text():
            await asyncio.sleep(0.005)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_what_a_decoder_has_started_ends_with_it(tmp_path: Path) -> None:
    code = f"""
import fcntl, os, signal
if os.fork() == 0:
    lock = os.open({str(tmp_path / "lock")!r}, os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    open({str(tmp_path / "locked")!r}, "w").close()
    signal.pause()
while not os.path.exists({str(tmp_path / "locked")!r}):
    pass
os._exit(1)
"""
    with pytest.raises(UnsupportedImage):
        await Decoder(program(code), time_limit=1).shrink(b"")
    assert (tmp_path / "locked").exists()
    with (tmp_path / "lock").open() as lock:
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)  # its end lets go of it


async def test_a_decoder_gets_no_secret_no_descriptor_and_no_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHATD_METRICS_TOKEN", "secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/secret")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")
    seen = tmp_path / "seen"
    code = f"""
import os
names = sorted(os.environ)
fds = [fd for fd in range(3, 256) if os.path.exists(f"/proc/self/fd/{{fd}}")]
open({str(seen)!r}, "w").write(f"{{names}} {{fds}} {{os.getsid(0) == os.getpid()}}")
"""
    with (tmp_path / "open").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        with pytest.raises(UnsupportedImage):
            await Decoder(program(code)).shrink(b"")
    names, _, rest = seen.read_text().partition("] ")
    assert not {"CHATD_METRICS_TOKEN", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"} & set(names.replace("'", "").split())
    assert "secret" not in names
    assert rest == "[] True"


async def test_where_no_process_can_be_started_the_picture_is_not_to_blame() -> None:
    with pytest.raises(PicturesUnavailable):
        await Decoder(("/nowhere/python",)).shrink(picture("PNG"))


async def test_where_the_library_is_missing_the_picture_is_not_to_blame() -> None:
    without = (sys.executable, "-S", "-P", pictures.__file__)
    with pytest.raises(PicturesUnavailable):
        await Decoder(without).shrink(picture("PNG"))


async def test_pictures_are_decoded_one_at_a_time_and_only_a_few_may_wait(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = f"""
import os, sys
log = os.open({str(log)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(log, b"(")
sys.stdin.buffer.read()
os.write(log, b")")
"""
    decoder = Decoder(program(code))
    done = await asyncio.gather(*(decoder.shrink(b"x") for _ in range(QUEUE_LIMIT + 3)), return_exceptions=True)
    assert [type(each) for each in done] == [UnsupportedImage] * QUEUE_LIMIT + [RateLimited] * 3
    assert log.read_text() == "()" * QUEUE_LIMIT
    with pytest.raises(UnsupportedImage):  # and then there is room again
        await decoder.shrink(b"x")


async def test_a_picture_comes_back_small_and_whole() -> None:
    small = await Decoder().shrink(picture("PNG"))
    assert small.startswith(b"RIFF")
    assert len(small) < OUTPUT_LIMIT

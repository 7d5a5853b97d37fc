"""The load generator: compiled when it is needed, and run on a core of its own."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What it is made of.
SOURCES = Path(__file__).parent / "load"

Figures = dict[str, Any]


class BenchError(Exception):
    """Something could not be measured; the text says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who connects: an id, a name and a token, as the server at hand knows them."""

    id: str
    name: str
    token: str


def cache_dir() -> Path:
    """Return the directory of what is made once: the generator, the peers, databases and figures."""
    root = os.environ.get("CHATD_BENCH_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "chatd-bench"
    path = Path(root).expanduser()
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a directory that is gone afterwards, on the disk of the cache: the usual one may be in memory."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=cache_dir()) as name:
        yield Path(name)


def compiled() -> Path:
    """Return the generator's program, compiled unless that was done before from the same sources.

    :raises BenchError: there is no C compiler, or it finds fault.
    """
    sources = sorted(SOURCES.glob("*.[ch]"))
    digest = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    program = cache_dir() / f"load-{digest}"
    if program.exists():
        return program
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        raise BenchError("the load generator needs a C compiler: apt-get install gcc libc6-dev")
    partial = program.with_suffix(f".{os.getpid()}")
    done = subprocess.run(
        [compiler, "-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", str(partial)]
        + [str(source) for source in sources if source.suffix == ".c"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"the load generator cannot be compiled:\n{done.stderr}")
    partial.rename(program)
    return program


def cores() -> tuple[int, int]:
    """Return the core of the server and that of the generator: two where there are two."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[1 % len(usable)]


def write_accounts(path: Path, accounts: Iterable[Account]) -> Path:
    """Write accounts as the generator reads them."""
    path.write_text("".join(f"{each.id} {each.name} {each.token}\n" for each in accounts), encoding="ascii")
    return path


def write_requests(path: Path, requests: Iterable[bytes]) -> Path:
    """Write requests as the generator reads them."""
    path.write_bytes(b"".join(b"%d\n%s" % (len(each), each) for each in requests))
    return path


def command(**options: Any) -> list[str]:
    """Return the command line of the generator."""
    return [str(compiled()), *(f"{name}={value}" for name, value in options.items())]


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Return a command that runs on one core alone."""
    return ["taskset", "--cpu-list", str(core), *command]


def load(*, timeout: float = 240, **options: Any) -> Figures:
    """Run the generator and return what it saw.

    :param timeout: seconds after which it is given up.
    :param options: see ``load/main.c``.
    :raises BenchError: the server did something that it must not do.
    """
    try:
        done = subprocess.run(
            pinned(cores()[1], command(**options)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"the load generator did not end within {timeout:.0f} s") from error
    if done.returncode:
        raise BenchError(done.stderr.strip() or f"the load generator ended with {done.returncode}")
    figures: Figures = json.loads(done.stdout)
    return figures


class Held:
    """Connections that stay open until they are closed."""

    def __init__(self, *, idle: int, **options: Any) -> None:
        """Take note of what to open; see mode=open in ``load/main.c``.

        :param idle: how many.
        """
        self.count = idle
        self._command: Sequence[str] = command(mode="open", hold=1, idle=idle, **options)
        self._process: subprocess.Popen[str] | None = None

    def open(self) -> "Held":
        """Open them all.

        :raises BenchError: that failed.
        """
        self._process = subprocess.Popen(
            pinned(cores()[1], self._command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise BenchError(self._process.communicate()[1].strip())
        return self

    def close(self) -> None:
        """Close them all.

        :raises BenchError: the server has ended one before.
        """
        assert self._process is not None
        _, problem = self._process.communicate()
        if self._process.returncode:
            raise BenchError(problem.strip())

"""A forked chatd is as one that was started: tests of processes may use either."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.process import environment
from tests.processes import Forked, Process, run, start
from tests.support import PATIENCE

#: ``python -m chatd`` under another name: it is started, as only chatd itself is forked.
STARTED = ("-c", "import runpy, sys; sys.argv[0] = 'chatd'; runpy.run_module('chatd', run_name='__main__')")


@pytest.mark.parametrize(
    "arguments",
    [("config", "show"), ("--version",), ("nothing",), ("user", "add", "ada"), ("user", "list"), ("backup",)],
    ids=" ".join,
)
def test_it_reads_writes_and_ends_as_one_that_was_started(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "chatd.toml").write_text('[log]\nlevel = "debug"\n')
    variables = environment(tmp_path / "data", TZ="Asia/Tokyo")
    forked, *output = run(arguments, b"engine no. 1\n", variables, tmp_path)
    assert isinstance(forked, Forked)
    (tmp_path / "data" / "chatd.db").unlink(missing_ok=True)
    started, *expected = run(arguments, b"engine no. 1\n", variables, tmp_path, program=STARTED)
    assert isinstance(started, subprocess.Popen)
    assert (forked.wait(), output) == (started.wait(), expected)


def serving(tmp_path: Path, **variables: str) -> Process:
    """Start a server that writes to nobody."""
    with open(os.devnull, "r+b") as nothing:
        streams = (nothing.fileno(), nothing.fileno(), nothing.fileno())
        arguments = ("serve", "--port", "0", "--data-dir", str(tmp_path / "data"))
        return start(arguments, streams, environment(tmp_path / "data", **variables), tmp_path)


def test_it_has_the_streams_it_is_given_and_the_signal_that_ends_it_is_its_status(tmp_path: Path) -> None:
    process = serving(tmp_path)
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    streams = {str(Path(f"/proc/{process.pid}/fd/{number}").readlink()) for number in range(3)}
    assert streams == {os.devnull}
    process.kill()
    assert process.wait(PATIENCE) == process.poll() == -signal.SIGKILL
    process.send_signal(signal.SIGTERM)  # whoever has its number now is spared


def test_what_an_interpreter_reads_as_it_starts_starts_one(tmp_path: Path) -> None:
    process = serving(tmp_path, PYTHONHASHSEED="1")
    process.kill()
    assert isinstance(process, subprocess.Popen)
    assert process.wait(PATIENCE) == -signal.SIGKILL

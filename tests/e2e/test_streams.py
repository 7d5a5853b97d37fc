"""Commands whose output is cut short, closed or in an old encoding, and arguments out of all proportion."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatd.cli import main
from tests.process import chatd, environment, refusal
from tests.processes import CHATD
from tests.support import PATIENCE

#: A terminal that knows ASCII alone, or the letters of Western Europe.
OLD_LOCALES = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii:strict"},
    {"PYTHONIOENCODING": "latin-1:strict"},
]

#: Every command that prints something, and how it ends.
PRINTING = [
    ["--help"],
    ["user", "add", "--help"],
    ["--version"],
    ["config"],
    ["invite", "--count", "3"],
    ["user", "list"],
    ["user", "enable", "机器人"],
    ["doctor"],
]


def run(data_dir: Path, *command: str, within: tuple[str, ...] = (), **streams: Any) -> tuple[int, bytes]:
    """Run a command with other standard streams, and return its status and what it says on the standard error."""
    done = subprocess.run(
        [*within, sys.executable, *CHATD, *command],
        env=environment(
            data_dir,
            **{"CHATD_SERVER_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "", **streams.pop("variables", {})},
        ),
        cwd=data_dir.parent,
        timeout=PATIENCE,
        check=False,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with an account whose name no old encoding knows."""
    data_dir = tmp_path_factory.mktemp("streams") / "data"
    assert chatd(data_dir, "user", "add", "--bot", "机器人").returncode == 0
    return data_dir


@pytest.mark.parametrize("command", PRINTING, ids=" ".join)
def test_a_command_that_nobody_reads_ends_quietly_by_the_usual_signal(data_dir: Path, command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert run(data_dir, *command, stdout=writing) == (-signal.SIGPIPE, b"")
    finally:
        os.close(writing)


@pytest.mark.parametrize("unbuffered", ["", "1"])  # images for containers set it
@pytest.mark.parametrize("command", [["--version"], ["user", "list"], ["config"], ["invite"]], ids=" ".join)
def test_output_that_finds_no_room_is_told_in_one_line(data_dir: Path, command: list[str], unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        assert run(data_dir, *command, stdout=full, variables={"PYTHONUNBUFFERED": unbuffered}) == (
            1,
            b"chatd: No space left on device: standard output\n",
        )


@pytest.mark.parametrize(
    "command", [["--version"], ["user", "list"], ["invite"], ["user", "password", "x"]], ids=" ".join
)
def test_closed_streams_end_no_command_and_nothing_is_written_into_the_database(
    data_dir: Path, command: list[str], tmp_path: Path
) -> None:
    closed = ("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")
    status, _ = run(data_dir, *command, within=closed)
    assert status == (1 if "password" in command else 0)
    assert chatd(data_dir, "backup", str(tmp_path / "copy.db")).returncode == 0


@pytest.mark.parametrize("locale", OLD_LOCALES, ids=["ASCII", "Latin-1"])
def test_names_that_an_encoding_does_not_know_are_written_in_escapes(data_dir: Path, locale: dict[str, str]) -> None:
    listed = chatd(data_dir, "user", "list", **locale)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout.startswith("1\t\\u673a\\u5668\\u4eba\tbot\tenabled\t")
    assert chatd(data_dir, "user", "enable", "机器人", **locale).stdout == "\\u673a\\u5668\\u4eba is enabled\n"
    missing = refusal(data_dir, "user", "disable", "没有", **locale)
    assert missing == "There is no user called \\u6ca1\\u6709."
    other = chatd(data_dir, "user", "delete", "机器人", stdin=b"\xff\n", **locale)
    assert (other.returncode, other.stderr) == (1, "chatd: that is another name; nothing was deleted\n")


def test_a_name_that_is_asked_for_again_is_the_same_in_every_encoding(tmp_path: Path) -> None:
    for number, locale in enumerate(OLD_LOCALES):
        typed = "机器人\n".encode()
        if number == 1:
            locale = {"LC_ALL": "C.UTF-8"}
        assert chatd(tmp_path / "data", "user", "add", "--bot", "机器人").returncode == 0
        assert chatd(tmp_path / "data", "user", "delete", "机器人", stdin=typed, **locale).returncode == 0


def test_a_path_that_is_not_utf_8_is_as_good_as_any(tmp_path: Path) -> None:
    data_dir = tmp_path / os.fsdecode(b"d\xffta")
    assert chatd(data_dir, "invite").stderr.startswith("chatd: ")
    copied = chatd(data_dir, "backup", os.fspath(tmp_path / os.fsdecode(b"c\xffpy.db")))
    assert (copied.returncode, copied.stderr) == (0, "")
    assert "c\\udcffpy.db is proven" in copied.stdout
    assert "d\\udcffta" in chatd(data_dir, "config").stdout


NUMBERS = [
    *(str(number) for number in (2**31, 2**63, 2**64, 10**40)),
    "9" * 5000,
    "1e999",
    "nan",
    "",
    "-1",
    "0x10",
]


@pytest.mark.parametrize(
    "command",
    [
        ["invite", "--count"],
        ["reports", "resolve"],
        ["user", "add", "--bot", "robot", "--days"],
        ["doctor", "--token-stdin", "--url", "http://127.0.0.1:1", "--idle"],
        ["serve", "--port"],
    ],
    ids=" ".join,
)
def test_a_number_out_of_all_proportion_is_refused(
    data_dir: Path, command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHATD_SERVER_DATA_DIR", str(data_dir))
    for number in NUMBERS:
        try:
            status = main([*command, number])
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        assert status in (1, 2), number
        assert said.out == ""
        assert said.err.count("\n") == 1 or said.err.startswith("usage: ")


@pytest.mark.parametrize(
    "url",
    [
        *("https://xn--a", "https://[::1", "https://a:99999", "https://a:x", "https://a b", "https:///", "https://"),
        *("ftp://a.example", "a.example", "", "//", "https://a%00b", "https://\u2028", "https://u:p@a.example"),
    ],
)
def test_what_is_no_address_is_refused(url: str, data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--data-dir", str(data_dir), "--url", url]) == 1
    assert capsys.readouterr().err == "chatd: --url: must be an address such as https://chat.example.org\n"


def test_too_many_names_at_once_are_refused(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reports", "resolve", *["1"] * 10_001, "--data-dir", str(data_dir)]) == 1
    assert capsys.readouterr().err == "chatd: numbers: 10001 are too many at once; the limit is 10000\n"

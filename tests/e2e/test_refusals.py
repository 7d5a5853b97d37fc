"""What cannot be done ends with one clear line, a status that is not zero, and no traceback."""

import contextlib
import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process import ServerProcess, chatd, environment, refusal
from tests.processes import CHATD
from tests.support import PASSWORD


def test_a_command_that_cannot_be_carried_out_says_why(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    given = f"{PASSWORD}\n"

    def add(*arguments: str, stdin: str | bytes = given, **variables: str) -> str:
        return refusal(data_dir, "user", "add", *arguments, stdin=stdin, **variables)

    assert chatd(data_dir, "user", "add", "Bobby", "--password-stdin", stdin=given).returncode == 0
    with ServerProcess(data_dir):
        assert add("bobby", "--password-stdin") == "This username is already taken."
        assert refusal(data_dir, "user", "disable", "nobody") == "There is no user called nobody."
    assert add("bobby", "--bot") == "This username is already taken."
    assert add("ab", "--bot").startswith("username: Must have 3 to 50 characters")
    assert add("fine", "a b", "--bot").startswith("username: May have letters")
    for arguments in (["--password-stdin"], ["--bot"]):
        assert add("аna", *arguments).startswith("username: Must not mix letters")
    assert add("first", "second", "--password-stdin").startswith("one person at a time")
    assert add("alice", "--password-stdin", "--nickname", "n" * 51).startswith("nickname: Length must be")
    assert add("alice", "--password-stdin", stdin="1234567\n") == "password: Shorter than minimum length 8."
    assert add("alice", "--password-stdin", stdin="").startswith("password: ")
    assert add("alice", "--password-stdin", stdin=b"12345678\xff\n", PYTHONIOENCODING="utf-8:strict") == (
        "password: Must not contain NUL or lone surrogates."
    )
    assert add("alice") == "there is no terminal to ask for the password: use --password-stdin"
    for days in ("0", "nan", "1e12"):
        assert add("alice", "--bot", "--days", days) == "--days: must be above 0 and at most 36500"
    assert refusal(data_dir, "invite", "--count", "0") == "--count: must be at least 1"
    assert refusal(data_dir, "invite", "--count", "3000000") == "--count: must be at most 10000"
    for command in ("password", "disable", "enable"):
        options = ["--password-stdin"] if command == "password" else []
        assert refusal(data_dir, "user", command, "nobody", *options, stdin=given) == "There is no user called nobody."
    assert [line.split("\t")[1] for line in chatd(data_dir, "user", "list").stdout.splitlines()] == ["Bobby"]


def test_no_bot_is_made_that_no_token_can_be_issued_for(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    assert chatd(data_dir, "user", "add", "first", "--bot").returncode == 0
    (data_dir / "signing.key").chmod(0o644)
    assert "can be read by others" in refusal(data_dir, "user", "add", "second", "--bot")
    assert [line.split("\t")[1] for line in chatd(data_dir, "user", "list").stdout.splitlines()] == ["first"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["user", "disable", b"\xff"], "chatd user disable: error: argument NAME: not UTF-8"),
        (["serve", "--port", "http"], "chatd serve: error: argument --port: invalid int value: 'http'"),
    ],
)
def test_a_command_that_makes_no_sense_is_answered_with_its_usage(
    tmp_path: Path, arguments: list[str | bytes], line: str
) -> None:
    done = chatd(tmp_path / "data", *(os.fsdecode(each) for each in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: chatd ")
    assert done.stderr.endswith(f"\n{line}\n")


@pytest.mark.parametrize(("again", "outcome"), [(PASSWORD, "1 alice admin"), ("x", "chatd: the two passwords differ")])
def test_a_password_is_asked_for_twice_on_a_terminal_that_does_not_show_it(
    tmp_path: Path, again: str, outcome: str
) -> None:
    command = [sys.executable, *CHATD, "user", "add", "alice", "--data-dir", str(tmp_path / "data")]
    terminal, theirs = pty.openpty()
    shown = b""
    try:
        with subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(tmp_path / "data"),
            cwd=tmp_path,
            start_new_session=True,
        ):
            os.close(theirs)
            for prompt, answer in ((b"New password: ", PASSWORD), (b"Again: ", again)):
                while prompt not in shown:
                    shown += os.read(terminal, 1000)
                os.write(terminal, f"{answer}\n".encode())
            with contextlib.suppress(OSError):  # how a terminal says that nobody holds it any more
                while chunk := os.read(terminal, 1000):
                    shown += chunk
    finally:
        os.close(terminal)
    *said, last, _ = shown.decode().split("\r\n")
    new = [f"chatd: {tmp_path / 'data' / 'chatd.db'} is a new database"] if again == PASSWORD else []
    assert (said, last) == (["New password: ", "Again: ", *new], outcome)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    data_dir = tmp_path / "file" / "data"
    for arguments in (["serve"], ["invite"]):
        line = refusal(data_dir, *arguments)
        assert line == f"the data directory {data_dir} cannot be made: Not a directory"


def test_settings_that_are_wrong_are_all_named_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "chatd.toml"
    file.write_text('[server]\nport = "8000"\ncolour = "red"\n[limit]\nconnections = 3\n')
    assert refusal(tmp_path / "data", "serve", "--host", "127.0.0.1", CHATD_LOG_LEVEL="loud") == (
        "chatd.toml: [limit] is not a section; [server] colour is not a setting; "
        "[server] port: must be a whole number; CHATD_LOG_LEVEL: must be one of debug, info, warning, error"
    )
    file.write_text("[server\n")
    assert refusal(tmp_path / "data", "serve").startswith("chatd.toml cannot be read: ")
    file.unlink()
    assert refusal(tmp_path / "data", "config", "--config", "none.toml").startswith("none.toml cannot be read: ")
    assert refusal(tmp_path / "data", "serve", "--port", "65536") == "--port: must be at most 65535"
    assert not (tmp_path / "data").exists()


def test_an_unknown_variable_is_named_in_a_warning(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data", CHATD_SERVER_COLOUR="red") as server:
        entries = [entry for entry in server.entries if entry["level"] == "warning"]
    warnings = [entry["message"] for entry in entries if "environment variable" in entry["message"]]
    assert warnings == ["the environment variable CHATD_SERVER_COLOUR is not a setting of chatd"]


def test_an_address_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal(tmp_path / "data", "serve", "--port", str(port), CHATD_WEB_ENABLED="no")
    assert line.startswith(f"cannot listen on 127.0.0.1 port {port}: ")
    assert "in use" in line
    line = refusal(tmp_path / "data", "serve", "--host", "no..name", "--port", "0", CHATD_WEB_ENABLED="no")
    assert line == "cannot listen on no..name port 0: not the name of a host"


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        (["alice", "--days", "3"], "--days: is for the token of a bot"),
        (["robot", "--bot", "--password-stdin"], "--password-stdin: a bot has no password"),
        (["robot", "other", "--bot", "--nickname", "Both"], "--nickname: is the name of one account"),
        (["robot", "--bot", "--nickname", ""], "nickname: "),
    ],
    ids=lambda options: " ".join(options) if isinstance(options, list) else "",
)
def test_an_option_that_means_nothing_for_an_account_is_not_passed_over(
    tmp_path: Path, options: list[str], refused: str
) -> None:
    assert refusal(tmp_path / "data", "user", "add", *options, stdin="moth in relay 70\n").startswith(refused)
    assert not (tmp_path / "data").exists()


def test_a_second_server_on_the_same_data_leaves_the_first_in_peace(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        assert refusal(tmp_path / "data", "serve", "--port", "0").startswith(
            f"another chatd is already serving from {tmp_path / 'data'}: process {server.pid} ("
        )
        assert server.stop() == 0


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    line = refusal(
        tmp_path / "data", "serve", "--port", "0", CHATD_SERVER_TLS_CERT="cert.pem", CHATD_SERVER_TLS_KEY="key.pem"
    )
    assert line == "the certificate cert.pem cannot be read: No such file or directory"
    line = refusal(tmp_path / "data", "serve", "--port", "0", CHATD_SERVER_TLS_CERT="cert.pem")
    assert line == "[server] tls_cert and tls_key: one is set without the other"

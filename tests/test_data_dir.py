"""The data directory: for its owner alone, one server at a time, and a key nobody else has."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.data_dir import KEY_BYTES, KEY_CREDENTIAL, KEY_FILE, LOCK_FILE, locked, prepare, server_pid, signing_key
from chatd.errors import ConfigurationError
from chatd.serve import Server
from tests.conftest import Start
from tests.support import settings

KEY = bytes(range(KEY_BYTES))

#: Asks for the key in several processes at the same moment, and prints what each was given.
CROWD = """
import os, sys
from pathlib import Path
from chatd.data_dir import signing_key

read, write = os.pipe()
children = []
for _ in range(6):
    child = os.fork()
    if not child:
        os.close(write)
        os.read(read, 1)
        os.write(1, signing_key(Path(sys.argv[1])).hex().encode() + b"\\n")
        os._exit(0)
    children.append(child)
os.close(write)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    """Begin with the umask that hides nothing, and put the old one back."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write_key(data_dir: Path, text: str, mode: int = 0o600) -> Path:
    path = data_dir / KEY_FILE
    path.write_text(text)
    path.chmod(mode)
    return path


def refused(data_dir: Path, credentials: str | None = None) -> str:
    """Return the one line with which the key is refused."""
    with pytest.raises(ConfigurationError) as error:
        signing_key(data_dir, credentials)
    assert "\n" not in str(error.value)
    return str(error.value)


async def test_everything_a_server_makes_is_its_owners_alone(start: Start, tmp_path: Path) -> None:
    chat = await start(data_dir=tmp_path / "parent" / "data")
    await chat.person("alice")
    data_dir = tmp_path / "parent" / "data"
    assert {KEY_FILE, "chatd.db", "chatd.db-wal", "chatd.db-shm"} <= {each.name for each in data_dir.iterdir()}
    assert mode(data_dir) == 0o700
    assert mode(data_dir.parent) & 0o077 == 0
    for path in data_dir.rglob("*"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path.name


async def test_a_second_server_is_refused_with_one_line_until_the_first_ends(start: Start, tmp_path: Path) -> None:
    chat = await start()
    second = Server(settings(tmp_path / "data"))
    with pytest.raises(ConfigurationError) as error:
        await second.start()
    said = str(error.value)
    assert said.startswith(f"another chatd is already serving from {tmp_path / 'data'}: process {os.getpid()} (")
    assert re.search(r"\) since \d{4}-\d\d-\d\d \d\d:\d\d UTC$", said)
    await chat.person("alice")
    await chat.server.stop()
    await second.start()
    await second.stop()


def test_who_holds_the_lock_is_known_for_as_long_as_it_is_held(tmp_path: Path) -> None:
    assert server_pid(tmp_path) is None
    with locked(tmp_path):
        assert server_pid(tmp_path) == os.getpid()
    assert server_pid(tmp_path) is None  # though this process lives, and the file names it
    (tmp_path / LOCK_FILE).write_text("no number")
    assert server_pid(tmp_path) is None


def test_of_a_holder_that_cannot_be_seen_it_is_said_since_when(tmp_path: Path) -> None:
    with locked(tmp_path):
        for text in ("", "999999999\n"):
            (tmp_path / LOCK_FILE).write_text(text)
            with pytest.raises(ConfigurationError, match=r"serving from .*: since \d{4}-.* UTC$"), locked(tmp_path):
                raise AssertionError("two hold one lock")


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path), pytest.raises(ConfigurationError, match="already serving"), locked(tmp_path):
            raise AssertionError("two hold one lock")


@pytest.mark.parametrize("name", ["file", "file/data"])
def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be made") as error:
        prepare(tmp_path / name)
    assert str(tmp_path / name) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_directory_that_is_there_keeps_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("of mine")
    prepare(tmp_path)
    prepare(tmp_path)
    assert (tmp_path / "something").read_text() == "of mine"


def test_the_key_is_made_once_and_stays(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    assert len(key) == KEY_BYTES == 32
    assert signing_key(tmp_path) == key
    assert [each.name for each in tmp_path.iterdir()] == [KEY_FILE]
    assert mode(tmp_path / KEY_FILE) == 0o600
    assert bytes.fromhex((tmp_path / KEY_FILE).read_text()) == key


def test_every_server_has_a_key_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert signing_key(tmp_path / "one") != signing_key(tmp_path / "two")


def test_what_a_crash_left_of_a_key_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / f"{KEY_FILE}.{os.getpid()}").write_text("half a k")
    key = signing_key(tmp_path)
    assert signing_key(tmp_path) == key
    assert [each.name for each in tmp_path.iterdir()] == [KEY_FILE]


def test_processes_that_need_a_key_at_once_get_the_same(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CROWD, str(tmp_path)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout.split()
    assert printed == [signing_key(tmp_path).hex()] * 6


@pytest.mark.parametrize("bits", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666])
def test_a_key_that_others_can_touch_is_refused(tmp_path: Path, bits: int) -> None:
    path = write_key(tmp_path, KEY.hex(), bits)
    assert f"chmod 600 {path}" in refused(tmp_path)
    path.chmod(0o400)
    assert signing_key(tmp_path) == KEY


@pytest.mark.parametrize("text", ["", "\n", KEY.hex()[:-2], "00" * 16])
def test_a_short_key_is_refused(tmp_path: Path, text: str) -> None:
    path = write_key(tmp_path, text)
    assert f"{path} holds a key of {len(text.strip()) // 2} bytes, 32 are needed" in refused(tmp_path)
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["x" * 64, KEY.hex()[:-1], "é" * 64, f"key={KEY.hex()}"])
def test_a_garbled_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    write_key(tmp_path, text)
    said = refused(tmp_path)
    assert "is not a signing key in hexadecimal digits" in said
    assert text not in said


def test_a_key_may_be_longer_and_end_in_a_new_line_or_not(tmp_path: Path) -> None:
    for text in (KEY.hex(), KEY.hex() + "\n", KEY.hex().upper() + "\r\n"):
        write_key(tmp_path, text)
        assert signing_key(tmp_path) == KEY
    write_key(tmp_path, KEY.hex() * 2)
    assert signing_key(tmp_path) == KEY * 2


def test_a_credential_of_systemd_wins_and_no_file_is_made(tmp_path: Path) -> None:
    credentials, data_dir = tmp_path / "credentials", tmp_path / "data"
    credentials.mkdir()
    data_dir.mkdir()
    (credentials / KEY_CREDENTIAL).write_text(KEY.hex() + "\n")
    assert signing_key(data_dir, str(credentials)) == KEY
    assert list(data_dir.iterdir()) == []
    signing_key(data_dir)
    assert signing_key(data_dir, str(credentials)) == KEY
    (credentials / KEY_CREDENTIAL).write_text("garbled")
    assert str(credentials) in refused(data_dir, str(credentials))


def test_credentials_without_a_key_leave_it_to_the_file(tmp_path: Path) -> None:
    credentials, data_dir = tmp_path / "credentials", tmp_path / "data"
    credentials.mkdir()
    data_dir.mkdir()
    assert signing_key(data_dir, str(credentials)) == signing_key(data_dir, None) == signing_key(data_dir, "")

"""Whose data a command works on: none is made by a slip of the fingers, and the service's is found."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatd import config
from chatd.cli import main
from chatd.cli.location import Use, found
from chatd.config import Config
from chatd.errors import ConfigurationError
from tests.process import ServerProcess, chatd, environment, refusal
from tests.processes import CHATD

#: Every command that cannot do without a database.
NEEDY = [
    ["user", "list"],
    ["user", "password", "alice", "--password-stdin"],
    ["user", "disable", "alice"],
    ["user", "enable", "alice"],
    ["user", "delete", "alice", "--yes"],
    ["user", "token", "robot"],
    ["reports", "list"],
    ["reports", "resolve", "1"],
    ["backup", "copy.db"],
    ["restore", "--new-epoch"],
    ["rollback"],
]


def everything_in(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*"))


@pytest.mark.parametrize(
    ("command", "kind"), [*((command, "missing") for command in NEEDY), (["user", "list"], "empty")]
)
def test_a_mistyped_directory_is_named_and_nothing_is_made_in_it(
    tmp_path: Path, command: list[str], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir = tmp_path / "dta"
    if kind == "empty":
        data_dir.mkdir()
        (data_dir / "chatd.db").touch()
    before = everything_in(tmp_path)
    assert main([*command, "--data-dir", str(data_dir)]) == 1
    said = f"chatd: there is no database at {data_dir / 'chatd.db'}: name its directory with --data-dir\n"
    assert capsys.readouterr() == ("", said)
    assert everything_in(tmp_path) == before


def test_a_copy_is_restored_into_a_directory_that_is_there_and_into_no_other(tmp_path: Path) -> None:
    data_dir, other, copy = tmp_path / "data", tmp_path / "other", tmp_path / "copy.db"
    assert chatd(data_dir, "invite").returncode == 0
    assert chatd(data_dir, "backup", str(copy)).returncode == 0
    assert refusal(other, "restore", str(copy)).startswith(f"there is no directory {other}: ")
    assert not other.exists()
    other.mkdir()
    restored = chatd(other, "restore", str(copy))
    assert restored.stdout == f"{copy} is restored\n{other / 'chatd.db'} is new: there was no database there before\n"


@pytest.mark.parametrize("command", [["invite"], ["user", "add", "robot", "--bot"]], ids=" ".join)
def test_a_command_that_makes_a_database_says_so_once(tmp_path: Path, command: list[str]) -> None:
    first = chatd(tmp_path / "data", *command)
    assert first.returncode == 0
    assert first.stderr.startswith(f"chatd: {tmp_path / 'data' / 'chatd.db'} is a new database\n")
    again = chatd(tmp_path / "data", "invite", CHATD_ACCOUNTS_REGISTRATION="invite")
    assert (again.returncode, again.stderr) == (0, "")


def test_a_server_that_makes_a_database_says_so_once(tmp_path: Path) -> None:
    for made in ([str(tmp_path / "data" / "chatd.db")], []):
        with ServerProcess(tmp_path / "data") as server:
            assert server.stop() == 0
        assert [entry["path"] for entry in server.entries if entry["event"] == "database_made"] == made


def test_a_variable_that_is_no_setting_is_named_by_every_command(tmp_path: Path) -> None:
    warning = "chatd: warning: the environment variable CHATD_SERVER_DATADIR is not a setting of chatd\n"
    for command in (["invite"], ["user", "list"], ["config"]):
        assert chatd(tmp_path / "data", *command, CHATD_SERVER_DATADIR="/somewhere").stderr.startswith(warning)


def test_a_tilde_in_an_option_stands_for_the_home(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[server]\nport = 9000\n")
    shown = chatd(tmp_path / "data", "config", "--config=~/own.toml", HOME=str(tmp_path)).stdout
    assert f"port = 9000  # {tmp_path / 'own.toml'}" in shown


class Machine:
    """A home and a service's directory, each with or without a database."""

    def __init__(self, root: Path) -> None:
        self.own, self.service = root / "home" / "chatd", root / "lib" / "chatd"
        private = root / "private" / "chatd"
        private.mkdir(parents=True)
        self.service.parent.mkdir()
        self.service.symlink_to(private)
        self._database = root / "template" / "chatd.db"
        assert chatd(self._database.parent, "invite").returncode == 0
        self.places = (self.service, private)

    def give(self, directory: Path) -> None:
        """Put a database into a directory."""
        directory.mkdir(parents=True, exist_ok=True)
        shutil.copy(self._database, directory)

    def settings(self, **environment: str) -> Config:
        """Return the settings of a command that is given nothing else."""
        return config.load(environment={"XDG_DATA_HOME": str(self.own.parent), **environment}, search=())

    def found(self, use: Use = Use.NEEDS) -> tuple[Path, str]:
        """Return where a command works, and what it says about it."""
        settings, said = found(self.settings(), use, self.places)
        return settings.data_dir, said


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without any database of its own or a service's."""
    return Machine(tmp_path)


@pytest.mark.parametrize("use", [Use.FINDS, Use.NEEDS, Use.MAKES])
def test_the_services_data_are_taken_where_they_are_the_only_ones_and_it_is_said(machine: Machine, use: Use) -> None:
    machine.give(machine.service)
    assert machine.found(use) == (machine.service, f"using the data of the service in {machine.service}")
    assert machine.found(Use.NONE) == (machine.own, "")
    named = machine.settings(CHATD_SERVER_DATA_DIR=str(machine.own))
    if use is not Use.NEEDS:
        assert found(named, use, machine.places) == (named, "")


@pytest.mark.parametrize("use", [Use.FINDS, Use.NEEDS, Use.MAKES])
def test_between_two_databases_nobody_guesses(machine: Machine, use: Use) -> None:
    machine.give(machine.own)
    assert machine.found(use) == (machine.own, "")
    machine.give(machine.service)
    with pytest.raises(ConfigurationError) as error:
        machine.found(use)
    for words in (str(machine.own / "chatd.db"), str(machine.service / "chatd.db"), "--data-dir"):
        assert words in str(error.value)


def test_where_there_is_no_database_at_all_the_default_is_named_or_made(machine: Machine) -> None:
    with pytest.raises(ConfigurationError, match=f"there is no database at {machine.own / 'chatd.db'}"):
        machine.found()
    assert machine.found(Use.MAKES) == machine.found(Use.FINDS) == (machine.own, "")
    assert not machine.own.exists()


@pytest.fixture
def root() -> Iterator[Path]:
    """A directory that every account may look into."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
def somebody() -> Iterator[Callable[[], None]]:
    """Be an account that may not do everything, once this is called."""
    yield lambda: os.seteuid(65534) if os.geteuid() == 0 else None
    os.seteuid(os.getuid())


def test_who_may_not_look_at_the_services_data_is_told_so_and_makes_none_beside_them(
    root: Path, somebody: Callable[[], None]
) -> None:
    machine = Machine(root)
    machine.give(machine.service)
    machine.service.resolve().chmod(0)
    somebody()
    for use in (Use.NEEDS, Use.MAKES):
        with pytest.raises(ConfigurationError, match=f"may not look into {machine.service}: use sudo, or .*--data-dir"):
            machine.found(use)
    assert machine.found(Use.FINDS) == (machine.own, "")
    with pytest.raises(ConfigurationError, match=f"may not look into {machine.service}: use sudo$"):
        found(machine.settings(CHATD_SERVER_DATA_DIR=str(machine.service)), Use.NEEDS, machine.places)


#: Runs the rest of a command line on a machine with a service, and another chatd.toml in the working directory.
ON_A_SERVER = """
set -e
mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /etc
mkdir -p /etc/chatd /var/lib/private/chatd && ln -s private/chatd /var/lib/chatd
echo > /etc/chatd/chatd.toml
cp "$1" /var/lib/chatd && shift
exec "$@"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount what this machine has not")
def test_beside_a_service_commands_say_whose_data_and_which_settings_they_use(tmp_path: Path) -> None:
    assert chatd(tmp_path / "data", "user", "add", "robot", "--bot").returncode == 0
    assert chatd(tmp_path / "data", "backup", str(tmp_path / "chatd.db")).returncode == 0
    (tmp_path / "chatd.toml").touch()
    within = ["unshare", "--mount", "sh", "-c", ON_A_SERVER, "sh", str(tmp_path / "chatd.db")]
    done = subprocess.run(
        [*within, sys.executable, *CHATD, "user", "list"],
        env=environment(tmp_path / "home" / "chatd"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\t")[1] == "robot"
    hidden = (
        f"there are two configuration files: {tmp_path / 'chatd.toml'} is read and /etc/chatd/chatd.toml is not; "
        "choose one with --config"
    )
    assert done.stderr == f"chatd: warning: {hidden}\nchatd: using the data of the service in /var/lib/chatd\n"
    with ServerProcess(tmp_path / "data", within=within) as server:
        assert server.stop() == 0
    assert [entry["message"] for entry in server.entries if entry.get("event") == "settings_hidden"] == [hidden]

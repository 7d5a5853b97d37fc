"""The systemd service and the installed package: what an operator gets."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.api.test_avatars import picture, upload
from tests.process import ServerProcess, client_of
from tests.support import register, until

ROOT = Path(__file__).resolve().parent.parent.parent
UNIT = ROOT / "systemd" / "chatd.service"

#: SQLite and chatd keep the owner of their files when they run as root; the service never does.
ONLY_AS_ROOT = {"fchown", "lchown"}


def unit_values(name: str) -> list[str]:
    """Return the values of a setting of the unit file."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


def members(syscall_filter: str) -> set[str]:
    """Return the system calls in an item of a filter of systemd: a set, such as @system-service, or one by its name."""
    if not syscall_filter.startswith("@"):
        return {syscall_filter}
    done = subprocess.run(
        ["systemd-analyze", "syscall-filter", syscall_filter], check=True, capture_output=True, text=True
    )
    found: set[str] = set()
    for line in map(str.strip, done.stdout.splitlines()[1:]):
        if not line.startswith("#"):
            found |= members(line)
    return found


def test_the_unit_is_well_formed_and_starts_when_network_and_clock_are_there(tmp_path: Path) -> None:
    assert unit_values("After") == ["network-online.target", "time-sync.target"]
    assert unit_values("Wants") == ["network-online.target"]  # the clock's is pulled in by who sets it
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/chatd/bin/chatd", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_services_exposure_is_at_most_two() -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    assert "Overall exposure level" in done.stdout


def test_where_memory_is_short_a_decoder_of_pictures_ends_and_the_service_goes_on() -> None:
    assert unit_values("OOMPolicy") == ["continue"]


async def test_the_service_may_make_every_system_call_a_server_makes(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    under_strace = (
        "import os, sys; os.execvp('strace', "
        f"['strace', '-D', '-f', '-qq', '-o', {str(trace)!r}, sys.executable, '-m', 'chatd', *sys.argv[1:]])"
    )
    with ServerProcess(tmp_path / "data", program=("-c", under_strace), CHATD_BACKUP_EVERY_HOURS="0.0001") as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            socket = await bob.connect()
            await alice.send(bob, "hello")
            assert (await socket.receive())["data"]["content"] == "hello"
            await socket.close()
            await upload(alice, picture("PNG"))
            await alice.get("/openapi.json")
        await until(lambda: list((tmp_path / "data" / "backups").glob("chatd-*.db")))
        assert server.stop() == 0
    calls = trace.read_text()
    used = set(re.findall(r"^\d+ +(\w+)\(", calls, re.MULTILINE))
    assert {"fdatasync", "accept4", "epoll_wait"} <= used
    allowed: set[str] = set()
    for value in unit_values("SystemCallFilter"):
        for item in value.removeprefix("~").split():
            allowed = allowed - members(item) if value.startswith("~") else allowed | members(item)
    assert used - allowed <= ONLY_AS_ROOT
    assert unit_values("MemoryDenyWriteExecute") == ["yes"]
    assert not re.search(r"PROT_WRITE\|PROT_EXEC|SHM_EXEC", calls)


@pytest.mark.timeout(600)  # where the web client has to be built first, it is
def test_a_wheel_carries_all_that_an_installed_server_needs(tmp_path: Path) -> None:
    offline = ["--no-index", "--no-build-isolation", "--no-deps"]
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", *offline, "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("chatd-*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top.partition("-")[0] for top in tops} == {"chatd"}, "only chatd may be installed, under its own name"
    assert any(name.endswith("/share/chatd/chatd.service") for name in names)
    assert any(name.endswith("/share/chatd/chatd.toml") for name in names)
    for engine in ("sqlite", "postgresql"):
        assert {path.name for path in (installed / "chatd" / "migrations" / engine).iterdir()} == {
            path.name for path in (ROOT / "migrations" / engine).iterdir()
        }
    page = (installed / "chatd" / "static" / "index.html").read_text(encoding="utf-8")
    assets = [f"chatd/static{address}" for address in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)]
    assert assets
    assert set(assets) <= set(names)
    assert any(f"{asset}.br" in names and f"{asset}.gz" in names for asset in assets)
    assert not any("node_modules" in name or name.endswith((".vue", ".ts")) for name in names)
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    where = (
        "import chatd.storage.engine.sqlite.migrate as m; print(m.migrations_directory(), m.migrate(m.Path('new.db')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    newest = len(list((ROOT / "migrations" / "sqlite").glob("*.sql")))
    assert done.stdout.split() == [str(installed / "chatd" / "migrations" / "sqlite"), str(newest)]

"""What the client needs."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

REFUSE = """
import importlib.abc, sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in {"aiosqlite", "sqlite3", "marshmallow", "jwt", "argon2", "apispec", "PIL", "cryptography"}:
            raise ImportError("refused: " + name)
        if top == "chatd" and name != "chatd" and name.split(".")[1] != "client":
            raise ImportError("refused: " + name)

sys.meta_path.insert(0, Refuse())
"""


def run(code: str) -> "subprocess.CompletedProcess[str]":
    """Run code in an interpreter that refuses to import the server and what it needs."""
    return subprocess.run(
        [sys.executable, "-c", REFUSE + code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_client_needs_aiohttp_and_nothing_of_the_server() -> None:
    done = run("import chatd.client; print(chatd.client.Bot.__name__, chatd.client.Client.__name__)")
    assert (done.stdout, done.stderr) == ("Bot Client\n", "")


def test_the_server_would_be_refused_here() -> None:
    assert "refused: chatd.models" in run("import chatd.models").stderr
    assert "refused: marshmallow" in run("import marshmallow").stderr


def test_the_client_is_typed() -> None:
    assert (ROOT / "chatd" / "client" / "py.typed").exists()


def test_the_client_can_be_installed_alone(tmp_path: Path) -> None:
    offline = ["--no-index", "--no-build-isolation", "--no-deps"]
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", *offline, "--wheel-dir", str(tmp_path)]
    subprocess.run([*build, str(ROOT / "chatd" / "client")], check=True)
    (wheel,) = tmp_path.glob("chatd_client-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        needed = [line for line in archive.read(metadata).decode().splitlines() if line.startswith("Requires-Dist")]
        archive.extractall(tmp_path / "alone")
    sources = {path.name for path in (ROOT / "chatd" / "client").iterdir() if path.suffix == ".py"}
    assert names == {f"chatd/client/{name}" for name in sources | {"py.typed"}}
    assert [line.partition(">")[0] for line in needed] == ["Requires-Dist: aiohttp<4,"]
    paths = [str(tmp_path / "alone"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    code = f"import sys; sys.path[:0] = {paths!r}{REFUSE}import chatd.client; print(chatd.client.__file__)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(tmp_path / "alone" / "chatd" / "client" / "__init__.py")

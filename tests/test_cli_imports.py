"""What the command line loads before a command is known: next to nothing, so that it answers at once."""

import subprocess
import sys

#: What some command needs and ``chatd --help`` does not.
HEAVY = {
    "aiohttp",
    "argon2",
    "asyncio",
    "jwt",
    "logging",
    "marshmallow",
    "pyvips",
    "sqlite3",
    "ssl",
    "textual",
    "tomllib",
}


def loaded_by(code: str) -> set[str]:
    """Return the modules that an interpreter has loaded after ``code``."""
    show = "\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", "import sys\n" + code + show], capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.split())


def test_help_loads_nothing_that_a_command_needs() -> None:
    help_of = "from chatd.cli import main\ntry: main({!r})\nexcept SystemExit as end: assert not end.code"
    for arguments in (["--help"], ["serve", "--help"], ["user", "add", "--help"]):
        loaded = loaded_by(help_of.format(arguments))
        assert {"chatd.cli.serve", "argparse"} <= loaded
        assert loaded & HEAVY == set()
        ours = {name for name in loaded if name.startswith("chatd.") and not name.startswith("chatd.errors")}
        assert ours - {"chatd.clock"} == {name for name in loaded if name.startswith("chatd.cli")}


def test_a_server_loads_no_terminal_client_no_decoder_of_pictures_and_no_other_command() -> None:
    loaded = loaded_by("import chatd.cli, chatd.serve")
    assert {"aiohttp", "sqlite3"} <= loaded
    assert loaded & {"textual", "rich", "pyvips", "chatd.chat", "chatd.storage.engine.sqlite.restore"} == set()

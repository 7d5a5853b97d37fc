"""What the terminal client needs, and who does not need it."""

import subprocess
import sys

REFUSE = """
import importlib.abc, sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top, _, rest = name.partition(".")
        if top in {"aiosqlite", "sqlite3", "marshmallow", "jwt", "argon2", "apispec", "PIL"}:
            raise ImportError("refused: " + name)
        if top == "chatd" and rest and rest.split(".")[0] not in {"client", "chat"}:
            raise ImportError("refused: " + name)

sys.meta_path.insert(0, Refuse())
"""


def run(code: str) -> str:
    """Run code and return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_it_needs_the_client_library_and_nothing_of_the_server() -> None:
    assert run(REFUSE + "import chatd.chat, chatd.chat.app; print('fine')") == "fine\n"


def test_the_server_and_the_other_commands_do_not_load_it() -> None:
    code = (
        "import sys, chatd.cli, chatd.serve; print([n for n in ('textual', 'rich', 'chatd.chat') if n in sys.modules])"
    )
    assert run(code) == "[]\n"


def test_it_does_so_only_because_they_are_not_needed() -> None:
    assert run("import sys, chatd.chat.app; print('textual' in sys.modules)") == "True\n"

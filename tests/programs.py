"""Programs of others that tests run, as the command in README.md takes them out of Debian's packages."""

import shutil
import sys
from pathlib import Path


def program(name: str) -> str:
    """Return the path of a program: the environment's own, or the machine's. Without it the test fails."""
    places = (Path(sys.executable).parent, "/usr/bin", "/usr/sbin")
    found = shutil.which(name, path=":".join(map(str, places)))
    assert found is not None, f"{name} is missing: the command in README.md takes it out of its package"
    return found

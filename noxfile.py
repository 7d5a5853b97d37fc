"""Tasks for people who work on chatd: ``nox`` runs every check, ``nox -l`` lists the rest.

They run in the environment that the README's test command makes, and install nothing. Each check is one function; a new
one needs ``@check`` and nothing else.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"

# The tools lie beside this interpreter, whether or not the environment has been activated.
os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))

#: How many processes share the whole suite: twice as many as a small machine has cores, as many of its tests wait.
PROCESSES = "4"

Task = Callable[[nox.Session], None]


def check(task: Task) -> object:
    """Make ``task`` one of the sessions that plain ``nox`` runs."""
    return nox.session(tags=["check"])(task)


def task(task: Task) -> object:
    """Make ``task`` a session that runs only when it is named: ``nox -s NAME``."""
    return nox.session(default=False)(task)


@check
def ruff(session: nox.Session) -> None:
    """Look for mistakes in the Python, and for lines not laid out as ``ruff format`` would."""
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@check
def imports(session: nox.Session) -> None:
    """Hold the import contract: imports point down only."""
    session.run("lint-imports")


@check
def types(session: nox.Session) -> None:
    """Run mypy, strict, over everything in Python."""
    session.run("mypy")
    session.run("mypy", "noxfile.py")  # apart, so that plain ``mypy`` works where nox is not installed


@check
def web(session: nox.Session) -> None:
    """Check the web client: format, lint, circles among its imports, types."""
    for script in ("format:check", "lint", "typecheck"):
        session.run("npm", "--prefix", "web", "run", script)


@check
def generated(session: nox.Session) -> None:
    """Hold the web client's types and the documents' tables to the forms they are made from."""
    session.run("python", "-m", "tools.generate", "--check")


@task
def generate(session: nox.Session) -> None:
    """Make the web client's types and the documents' tables again from chatd's forms."""
    session.run("python", "-m", "tools.generate")


@task
def fix(session: nox.Session) -> None:
    """Format everything, and repair what can be repaired."""
    session.run("ruff", "check", "--fix")
    session.run("ruff", "format")
    session.run("npm", "--prefix", "web", "run", "format")


@task
def tests(session: nox.Session) -> None:
    """Run every test of the server, and with ``nox -s tests -- ARGUMENTS`` what pytest makes of these."""
    session.run("pytest", *(session.posargs or ("--all", "-n", PROCESSES)))


@task
def coverage(session: nox.Session) -> None:
    """Report what the quick tests cover, or those named after ``--``; servers they start are counted."""
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-q", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@task
def constraints(session: nox.Session) -> None:
    """Write down the releases of this environment, which the README's test command installs."""
    done = session.run("python", "-m", "pip", "freeze", "--exclude-editable", silent=True)
    pins = sorted((line for line in str(done).splitlines() if "==" in line), key=str.lower)
    text = "# The releases that the tests last ran with. Written by `nox -s constraints`.\n"
    Path("constraints.txt").write_text(text + "\n".join(pins) + "\n", encoding="utf-8")

"""Migrations: numbered files of SQL, for each engine its own. The same number makes the same tables on both."""

import re
from dataclasses import dataclass
from pathlib import Path

from chatd.errors import DatabaseUnusable

_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file of SQL."""

    version: int
    name: str
    sql: str


def directory_of(engine: str) -> Path:
    """Return the directory of an engine's migrations: in the installed package, or beside it in a checkout.

    :param engine: its name, ``sqlite`` or ``postgresql``.
    """
    installed = _PACKAGE / "migrations"
    return (installed if installed.is_dir() else _PACKAGE.parent / "migrations") / engine


def load_migrations(directory: Path, first: int = 1) -> list[Migration]:
    """Return the migrations in ``directory`` in order.

    :param first: the number of the first one.
    :raises DatabaseUnusable: a number is missing or given twice.
    """
    found = []
    for path in sorted(directory.glob("*.sql")):
        match = re.fullmatch(r"(\d{4})_(\w+)", path.stem)
        if match is None:
            raise DatabaseUnusable(f"{path} is not named like a migration (0001_name.sql)")
        found.append(Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")))
    if not found or [migration.version for migration in found] != list(range(first, first + len(found))):
        raise DatabaseUnusable(f"the migrations in {directory} are not numbered from {first:04} without a gap")
    return found

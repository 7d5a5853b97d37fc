"""The shared SQL in PostgreSQL's words."""

import functools
import re
from typing import NamedTuple

from chatd.storage.engine import in_list

#: What a statement is made of: text that stays as it is, and parameters. Two colons are a cast.
_PIECE = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|::)|:([A-Za-z_]\w*)""", re.DOTALL)

#: A list of :func:`chatd.storage.engine.in_list`, which is JSON. An array has its size, so that the plan fits it.
_LIST = re.compile(r"IN\s+" + re.escape(in_list("NAME")).replace("NAME", r"(\w+)"))
_ARRAY = r"= ANY (CAST(translate(CAST(:\1 AS TEXT), '[]', '{}') AS BIGINT[]))"


class Statement(NamedTuple):
    """A statement with numbered parameters, and the name of each."""

    text: str
    names: tuple[str, ...]


@functools.lru_cache(maxsize=2048)
def translated(sql: str) -> Statement:
    """Return a statement with named parameters as PostgreSQL takes it; quotes and comments stay as they are."""
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        if match[2] is None:
            return match[0]
        return f"${numbers.setdefault(match[2], len(numbers) + 1)}"

    return Statement(_PIECE.sub(number, _LIST.sub(_ARRAY, sql)), tuple(numbers))

"""What a person sees is decided in one place: no other SQL names the columns that decide it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import chatd

_ROOM = Path(chatd.__file__).parent

_COLUMNS = re.compile(r"\b(hidden_from(_low|_high)?|joined_seq|left_seq|visible_from|shown_versions)\b")

#: Where they may be named, and why.
_PLACES = {
    "storage/visibility.py": "the one place",
    "client/models.py": "the wire has a name of the same letters",
    "storage/stays.py": "it begins and ends them",
    "storage/engine/sqlite/sql.py": "a trigger counts who joins and leaves; it decides nothing",
}


def test_only_visibility_names_the_columns_that_decide_what_somebody_sees() -> None:
    found = {}
    for path in sorted(_ROOM.rglob("*.py")):
        name = path.relative_to(_ROOM).as_posix()
        lines = [line for line, text in _strings(ast.parse(path.read_text(encoding="utf-8"))) if _COLUMNS.search(text)]
        if lines and name not in _PLACES:
            found[name] = lines
    assert not found


def _strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the strings of a module, and of its f-strings the parts, but for what documents it."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.lineno, node.value

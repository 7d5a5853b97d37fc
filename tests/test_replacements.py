"""Tests use what there is: none replaces a function or a constant of chatd's own."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent

#: How often each file still does. Nothing is to be added: make it a parameter.
STILL_REPLACED = {
    "attackers/test_autobahn.py": 1,
    "client/test_events.py": 1,
    "faults/test_exactly_once.py": 2,
    "faults/test_network.py": 2,
    "storage/test_migrate.py": 1,
    "test_log_events.py": 1,
    "ws/test_v2_sync.py": 1,
}


def imported(tree: ast.Module) -> set[str]:
    """Return the names that a module has from chatd."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "chatd":
            names |= {each.asname or each.name for each in node.names}
        elif isinstance(node, ast.Import):
            names |= {each.asname or "chatd" for each in node.names if each.name.partition(".")[0] == "chatd"}
    return names


def replacements(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield each ``setattr`` of something of chatd's."""
    ours = imported(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        target: ast.expr = node.args[0]
        while isinstance(target, ast.Attribute):
            target = target.value
        is_ours = (isinstance(target, ast.Name) and target.id in ours) or (
            isinstance(target, ast.Constant) and str(target.value).startswith("chatd.")
        )
        if name in {"setattr", "delattr", "patch"} and is_ours:
            yield node


def test_no_test_replaces_what_is_ours() -> None:
    found = Counter(
        str(file.relative_to(HERE))
        for file in sorted(HERE.rglob("*.py"))
        for _ in replacements(ast.parse(file.read_text(encoding="utf-8")))
    )
    assert found - Counter(STILL_REPLACED) == {}


def test_the_search_finds_them() -> None:
    source = """
from chatd.services import limits
import argon2
monkeypatch.setattr(limits, "SIZE", 1)
monkeypatch.setattr(limits.Limiter, "take", None)
monkeypatch.setattr("chatd.serve.create_app", None)
monkeypatch.setattr(argon2.PasswordHasher, "hash", None)
"""
    assert len(list(replacements(ast.parse(source)))) == 3

"""Private names of aiohttp: one room uses them, and each is checked for before it is used."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from aiohttp import StreamReader, web

import chatd
from chatd import fastpath
from chatd.fastpath import check
from chatd.fastpath.check import Part, missing
from chatd.fastpath.protocol import FastProtocol
from chatd.fastpath.socket import FastSocket
from chatd.http.protocol import Protocol
from chatd.http.socket import Socket

#: The classes behind the variables that the fast path names its arguments by.
RECEIVERS: dict[str, type] = {
    "request": web.BaseRequest,
    "response": web.StreamResponse,
    "payload": StreamReader,
}


def modules() -> Iterator[ModuleType]:
    """Import and yield every module of the server."""
    for info in pkgutil.walk_packages(chatd.__path__, "chatd."):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def is_private(name: str) -> bool:
    """Report whether a name begins with one underscore."""
    return name.startswith("_") and not name.startswith("__")


def is_theirs(owner: type, name: str) -> bool:
    """Report whether aiohttp gives objects of a class this attribute."""
    classes = [each for each in owner.__mro__ if each.__module__.startswith("aiohttp")]
    return any(name in vars(each) or name in vars(each).get("__annotations__", ()) for each in classes) or any(
        name in check.names_set_by(each) for each in classes
    )


def private_names(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Yield each private name of aiohttp that a module uses, with the line."""
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "aiohttp":
            for name in (*node.module.split("."), *(each.name for each in node.names)):
                if is_private(name):
                    yield name, f"{module.__name__}:{node.lineno}"
        if isinstance(node, ast.ClassDef):
            owner = getattr(module, node.name, None)
            if isinstance(owner, type):
                yield from ((name, f"{module.__name__}:{line}") for name, line in _used(node) if is_theirs(owner, name))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and is_private(node.attr):
            receiver = RECEIVERS.get(node.value.id)
            if receiver is not None and is_theirs(receiver, node.attr):
                yield node.attr, f"{module.__name__}:{node.lineno}"


def _used(definition: ast.ClassDef) -> Iterator[tuple[str, int]]:
    """Yield the private names that a class overrides, or uses of itself."""
    for node in ast.walk(definition):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_private(node.name):
            yield node.name, node.lineno
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            value = node.value
            is_super = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "super"
            if is_super or (isinstance(value, ast.Name) and value.id == "self"):
                yield node.attr, node.lineno


def test_the_fast_path_checks_for_every_private_name_it_uses() -> None:
    checked = {name for part in check.PARTS for name in (*part.attributes, *part.methods)}
    used = [
        each for module in modules() if module.__name__.startswith("chatd.fastpath.") for each in private_names(module)
    ]
    assert len(used) > 50
    assert [(name, place) for name, place in used if name not in checked | {"_websocket"}] == []


def test_no_other_room_uses_a_private_name_of_aiohttp() -> None:
    others = [module for module in modules() if not module.__name__.startswith("chatd.fastpath.")]
    assert [each for module in others for each in private_names(module)] == []


def test_the_installed_aiohttp_has_what_the_fast_path_needs() -> None:
    assert fastpath.MISSING == ()


class Whole:
    """A class as the fast path would want it."""

    default = 1

    def __init__(self) -> None:
        self.begun = False

    def feed(self, data: bytes, final: bool = False) -> None:
        """Take bytes."""


@pytest.mark.parametrize(
    ("part", "named"),
    [
        (Part(Whole, attributes=("default", "begun", "feed"), methods={"feed": ("data",)}), ()),
        (Part(Whole, attributes=("default", "gone")), ("Whole.gone",)),
        (Part(Whole, methods={"gone": ("data", "size")}), ("Whole.gone(data, size)",)),
        (Part(Whole, methods={"feed": ("chunk",)}), ("Whole.feed(chunk)",)),
        (Part(Whole, methods={"feed": ("data", "final", "size")}), ("Whole.feed(data, final, size)",)),
        (Part(Whole, methods={"feed": ()}), ("Whole.feed()",)),
        (Part("aiohttp.no_such_module:Whole", attributes=("default",)), ("aiohttp.no_such_module:Whole",)),
        (Part("aiohttp.web:NoSuchClass", attributes=("default",)), ("aiohttp.web:NoSuchClass",)),
    ],
)
def test_what_is_gone_or_has_another_shape_is_named(part: Part, named: tuple[str, ...]) -> None:
    assert missing((part,)) == named


def test_a_compiled_method_that_tells_no_signature_is_taken_as_it_is() -> None:
    assert missing((Part(dict, methods={"update": ("other",)}),)) == ()


def test_the_public_way_is_taken_where_it_is_asked_for() -> None:
    assert fastpath.protocol(None, fast=False) is Protocol
    assert fastpath.socket_type(fast=False) is Socket


def test_no_name_of_ours_is_one_of_aiohttps() -> None:
    classes: list[Any] = [Protocol, FastProtocol]
    ours = {name for each in classes for name in each.__slots__}
    assert [name for name in ours if is_theirs(web.RequestHandler, name)] == []
    assert [name for name in FastSocket.__annotations__ if is_theirs(web.WebSocketResponse, name)] == []

"""Where a handler is reached: with or without the last slash, and by HEAD as by GET."""

import re
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler


def add_route(router: web.UrlDispatcher, method: str, path: str, handler: Handler) -> None:
    """Route a path to a handler, with and without its last slash: a redirect would lose bodies and tokens.

    A route for GET also answers HEAD; aiohttp leaves out the body.
    """
    for each in twins(path):
        router.add_route(method, each, handler)
        if method == "GET":
            router.add_route("HEAD", each, handler)


def twins(path: str) -> tuple[str, ...]:
    """Return a path with and without its last slash; the root has only one form."""
    if path == "/":
        return (path,)
    return path, path[:-1] if path.endswith("/") else f"{path}/"


def pattern(path: str, paths: Iterable[str]) -> str:
    """Return a route's path as the router takes it: a parameter at its end matches none of the fixed words there.

    Else ``PATCH /messages/ws`` would be a request about the message "ws", and not a wrong method.

    :param paths: those of all routes.
    """
    prefix, parameter, rest = path.rpartition("{")
    if not parameter or not rest.endswith("}"):
        return path
    tails = (each.removeprefix(prefix).partition("/")[0] for each in paths if each.startswith(prefix))
    words = "|".join(sorted({re.escape(word) for word in tails if word and "{" not in word}))
    return f"{prefix}{{{rest[:-1]}:(?!(?:{words})/?$)[^/]+}}" if words else path

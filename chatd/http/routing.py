"""Routes that match with and without a trailing slash, and HEAD as well as GET."""

import re
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler


def add_route(router: web.UrlDispatcher, method: str, path: str, handler: Handler) -> None:
    """Route a path to a handler, with and without its trailing slash: a redirect would lose bodies and tokens.

    A route for GET also answers HEAD, for which aiohttp leaves out the body.
    """
    for each in twins(path):
        router.add_route(method, each, handler)
        if method == "GET":
            router.add_route("HEAD", each, handler)


def twins(path: str) -> tuple[str, ...]:
    """Return a path with and without its trailing slash; the root has only one form."""
    if path == "/":
        return (path,)
    return path, path[:-1] if path.endswith("/") else f"{path}/"


def pattern(path: str, paths: Iterable[str]) -> str:
    """Return a route's path for the router; a parameter at its end does not match fixed words of other routes.

    Otherwise ``PATCH /messages/ws`` would be about a message "ws" instead of being a wrong method.

    :param paths: the paths of all routes.
    """
    prefix, parameter, rest = path.rpartition("{")
    if not parameter or not rest.endswith("}"):
        return path
    tails = (each.removeprefix(prefix).partition("/")[0] for each in paths if each.startswith(prefix))
    words = "|".join(sorted({re.escape(word) for word in tails if word and "{" not in word}))
    return f"{prefix}{{{rest[:-1]}:(?!(?:{words})/?$)[^/]+}}" if words else path

"""Whose pages may use this server: CORS for requests, and the same question for sockets."""

from collections.abc import Awaitable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from chatd.http.answers import ALWAYS
from chatd.http.context import CONFIG, VARIES

_EXPOSED = "Chatd-Epoch, Chatd-Cursor, Retry-After"
_ALLOWED_METHODS = "GET, POST, PUT, PATCH, DELETE"
_ALLOWED_HEADERS = "Authorization, Content-Type"

#: How long a browser may remember a preflight's answer, in seconds: Chromium forgets after two hours anyway.
_PREFLIGHT_AGE = "7200"

#: The methods whose answers a cache may keep.
_KEPT = ("GET", "HEAD")


def is_allowed(request: web.Request) -> bool:
    """Tell whether the page behind a request may use this server.

    Fine are: none (a program), a configured origin, and one with the very host and port the request came to. The
    scheme may differ, as a proxy may end TLS.
    """
    origin = request.headers.get("Origin")
    if not origin or origin in request.app[CONFIG].server.origins:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and _with_port(parts.netloc, parts.scheme) in (
        _with_port(request.headers.get("Host", ""), scheme) for scheme in ("http", "https")
    )


def _with_port(netloc: str, scheme: str) -> str:
    return netloc.lower().removesuffix(":443" if scheme == "https" else ":80")


@web.middleware
def preflight(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Answer a browser that asks whether a page of a configured origin may send a request."""
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if asks and request.headers.get("Origin") in request.app[CONFIG].server.origins:
        return _answer_preflight()
    return handler(request)


async def _answer_preflight() -> web.Response:
    headers = {
        "Access-Control-Allow-Methods": _ALLOWED_METHODS,
        "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
        "Access-Control-Max-Age": _PREFLIGHT_AGE,
    }
    return web.Response(status=204, headers=headers)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Have no browser guess a type or tell where it came from, and let pages of configured origins read an answer.

    A signal, so that errors are among the answers.
    """
    response.headers.update(ALWAYS)
    origins = request.app[CONFIG].server.origins
    varies = request.get(VARIES) if request.method in _KEPT else None
    if varies or origins:
        depends = (response.headers.get("Vary"), varies, "Origin" if origins else None)
        response.headers["Vary"] = ", ".join(filter(None, depends))
    if origins and (origin := request.headers.get("Origin")) in origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED

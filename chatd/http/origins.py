"""Which web pages may use this server: one rule for sockets and for requests that change something, and CORS."""

import re
from collections.abc import Awaitable, Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from chatd.config import Config
from chatd.config.values import DEFAULT_PORTS, ORIGIN
from chatd.http.answers import ALWAYS, http_error
from chatd.http.context import CONFIG, VARIES

_EXPOSED = "Chatd-Epoch, Chatd-Cursor, Retry-After"
_ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_ALLOWED_HEADERS = ("authorization", "content-type")

#: What a preflight's answer depends on besides Origin.
_PREFLIGHT_VARIES = "Access-Control-Request-Method, Access-Control-Request-Headers"

#: How long a browser may remember a preflight's answer, in seconds: Chromium forgets after two hours anyway.
_PREFLIGHT_AGE = "7200"

#: How many headers a preflight may ask for. Tracing and monitoring tools add about ten.
_MAX_HEADERS = 50

#: The methods whose answers a cache may keep.
_KEPT = ("GET", "HEAD")

#: The methods that change nothing: RFC 9110, section 9.2.1.
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")

#: What a browser calls pages of other origins: W3C Fetch Metadata, section 2.3.
_FOREIGN_SITES = ("cross-site", "same-site")

_PORTS = {scheme: f":{port}" for scheme, port in DEFAULT_PORTS.items()}

#: The name of a header: RFC 9110, section 5.6.2. The longest that anybody has is far shorter.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


def is_allowed(request: web.Request) -> bool:
    """Report whether the page behind a request may use this server.

    Allowed are programs, which have no page, configured origins, and an origin with the host and port that the request
    was sent to. The scheme may differ, as a proxy may end TLS. A browser that withholds a page's origin may still say
    that it is foreign.
    """
    if hdrs.ORIGIN not in request.headers:
        return request.headers.get("Sec-Fetch-Site", "").lower() not in _FOREIGN_SITES
    origin = _origin(request)
    if origin is None:
        return False
    host = request.headers.get(hdrs.HOST, "").lower()
    own = [host.removesuffix(port) for port in _PORTS.values()]
    return origin in request.app[CONFIG].server.origins or origin.partition("://")[2] in own


def _origin(request: web.Request) -> str | None:
    """Return the origin of the page behind a request, as browsers write it; None if there is no valid one."""
    given = request.headers.getall(hdrs.ORIGIN, ())
    match = ORIGIN.fullmatch(given[0].lower()) if len(given) == 1 else None
    return None if match is None else match[0].removesuffix(_PORTS[match[1]])


@web.middleware
def ask_origin(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Refuse foreign pages that want to change something, and answer preflights."""
    if request.method not in _SAFE:
        return handler(request) if is_allowed(request) else _refuse()
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if asks and _origin(request) in request.app[CONFIG].server.origins:
        return _answer_preflight(request)
    return handler(request)


async def _refuse() -> web.StreamResponse:
    return http_error(403, detail="Pages of this origin may not do that.")


async def _answer_preflight(request: web.Request) -> web.StreamResponse:
    asked = ",".join(request.headers.getall("Access-Control-Request-Headers", ())).lower().split(",")
    names = dict.fromkeys((*_ALLOWED_HEADERS, *(name.strip() for name in asked[:_MAX_HEADERS])))
    headers = {
        "Access-Control-Allow-Methods": _ALLOWED_METHODS,
        "Access-Control-Allow-Headers": ", ".join(filter(_HEADER_NAME.fullmatch, names)),
        "Access-Control-Max-Age": _PREFLIGHT_AGE,
        "Vary": _PREFLIGHT_VARIES,
    }
    return web.Response(status=204, headers=headers)


def always(config: Config) -> Mapping[str, str]:
    """Return the headers that every answer to a program or to this server's own pages has."""
    return {**ALWAYS, "Vary": "Origin"} if config.server.origins else ALWAYS


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add :data:`ALWAYS` and Vary to an answer, and let pages of configured origins read it.

    This is a signal of aiohttp, which is also sent for errors.
    """
    response.headers.update(ALWAYS)
    origins = request.app[CONFIG].server.origins
    varies = request.get(VARIES) if request.method in _KEPT else None
    if varies or origins:
        depends = (response.headers.get("Vary"), varies, "Origin" if origins else None)
        response.headers["Vary"] = ", ".join(filter(None, depends))
    if origins and (origin := _origin(request)) in origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED

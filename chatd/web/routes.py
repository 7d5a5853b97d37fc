"""The addresses of the web client: its files, its pages, and ``/config.json``."""

import base64
import hashlib
import logging
import re
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from chatd.config import Config
from chatd.http.answers import http_error
from chatd.http.context import VARIES
from chatd.http.routing import twins
from chatd.services import Communities
from chatd.services.community import PICTURE_PATH
from chatd.web import files
from chatd.web.community import FACTS, PAGE, Front, Now
from chatd.web.files import File
from chatd.web.negotiation import IDENTITY, PAGE_VARIES, PROGRAM_VARIES, bears_token, choose_coding, wants_page

log = logging.getLogger(__name__)

#: The client's own routes that nothing else answers at.
PAGES = (
    *("/", "/login", "/register", "/settings"),
    *(f"/settings/{name}" for name in ("profile", "notifications", "appearance", "security", "privacy")),
)

#: Those it shares with the API, or whose addresses have a number.
SHARED_PAGES = (
    "/messages",
    "/messages/{user_id:[0-9]+}",
    "/people/{user_id:[0-9]+}",
    "/groups/{group_id:[0-9]+}",
    "/groups/{group_id:[0-9]+}/about",
    "/groups/{group_id:[0-9]+}/log",
    "/join/{code:[^/]+}",
)

#: How somebody may write the address of a page by hand, in lower case.
_PAGE = re.compile(
    r"/+(?:(?:login|register|settings(?:/+[a-z]+)?|messages(?:/+[0-9]+)?|people/+[0-9]+|groups/+[0-9]+(?:/+(?:about|log))?)/*)?"
)

#: What a page may do. Nothing inline but what the built page has itself, by its hash; nothing evaluated, nothing of
#: anybody else's; `'self'` covers the socket. The policies are Vue's own and the one by which the client names its
#: service worker.
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types vue chatd",
)

#: What a chat of texts never asks a browser for.
_DENIED = (
    *("accelerometer", "autoplay", "camera", "clipboard-read", "display-capture", "encrypted-media", "fullscreen"),
    *("geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "picture-in-picture"),
    *("publickey-credentials-get", "screen-wake-lock", "usb", "xr-spatial-tracking"),
)

#: What stands in a built page itself and may be used there, by the directive that allows it.
_INLINE = {
    "script-src": re.compile(rb"<script>(.*?)</script>", re.DOTALL),
    "style-src": re.compile(rb"<style>(.*?)</style>", re.DOTALL),
}

_HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _DENIED),
}


class _Page(web.PlainResource):
    """A page at an address of its own; it does not exist for requests with a token, which have no use for a page."""

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """Match anybody without a token."""
        match, methods = await super().resolve(request)
        if match is not None or methods:
            request[VARIES] = PROGRAM_VARIES
            if bears_token(request):
                return None, set()
        return match, methods


class _SharedPage(web.DynamicResource):
    """A page at an address of the API: a browser that navigates there gets the page, and others the API."""

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """Match a navigation, and count as nothing, not even as another method, for any other request."""
        match, _ = await super().resolve(request)
        if match is not None:
            request[VARIES] = PAGE_VARIES
            if wants_page(request):
                return match, set()
        return None, set()


class _Picture(web.DynamicResource):
    """The community's picture, at an address that only this picture has."""

    def __init__(self, front: Front) -> None:
        super().__init__(PICTURE_PATH.format("{digest:[0-9a-f]+}"))
        self._front = front

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """Match the picture there is now."""
        found = await super().resolve(request)
        return found if request.path == self._front.picture_path else (None, set())


class _AnyPage(web.DynamicResource):
    """Every address at which there is nothing: a browser that navigates there gets a page, and others the error."""

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """Match a navigation, and count as nothing for any other request."""
        if request.method not in ("GET", "HEAD"):
            return None, set()
        request[VARIES] = PAGE_VARIES
        if not wants_page(request):
            return None, set()
        match, _ = await super().resolve(request)
        return match, set()


def _policy(page: bytes) -> str:
    """Return the policy under which a page may use the scripts and styles it contains, and no others."""
    directives = []
    for directive in _POLICY:
        inline = _INLINE.get(directive.partition(" ")[0])
        found = [] if inline is None else inline.findall(page)
        digests = (base64.b64encode(hashlib.sha256(content).digest()).decode() for content in found)
        directives.append(" ".join([directive, *(f"'sha256-{digest}'" for digest in digests)]))
    return "; ".join(directives)


def add_routes(router: web.UrlDispatcher, config: Config, static: Path, community: Communities) -> None:
    """Serve the web client; to be called before the routes of the API are added, some of whose addresses it shares.

    :param static: the directory of the built client. Where there is none the log says so, and the API works.
    :param community: knows what it is called and looks like.
    """
    built = files.load(static)
    front = Front(community, config.accounts, built)
    _add(router, _Picture(front), front.picture)
    _add(router, web.PlainResource(f"/{FACTS}"), front.file(FACTS))
    if not built:
        log.warning(
            "the web client is not built, only the API is served; in a checkout `pip install` builds it, "
            "as does `npm --prefix web ci && npm --prefix web run build`",
            extra={"event": "web_client_missing"},
        )
        return
    page = front.file(PAGE)
    _add(router, _Page(f"/{PAGE}"), page)
    for name in built:
        if name not in (PAGE, FACTS):
            _add(router, web.PlainResource(f"/{name}"), front.file(name))
    for path in PAGES:
        for each in twins(path):
            _add(router, _Page(each), page)
    for path in SHARED_PAGES:
        for each in twins(path):
            _add(router, _SharedPage(each), page)
    # The router tries the longest beginnings of an address first, so whatever the API has is found before this.
    _add(router, _AnyPage(r"/{path:[\s\S]*}"), page, _sender_anywhere(page))


def _add(router: web.UrlDispatcher, resource: web.Resource, now: Now, handler: Handler | None = None) -> None:
    router.register_resource(resource)
    handler = handler or _sender(now)
    resource.add_route("GET", handler)
    resource.add_route("HEAD", handler)


def _sender_anywhere(page: Now) -> Handler:
    """Return the handler that sends the page with 200 where its address is only written otherwise, or else with 404."""
    found, missing = _sender(page), _sender(page, 404)

    async def send(request: web.Request) -> web.StreamResponse:
        return await (found if _PAGE.fullmatch(request.path.lower()) else missing)(request)

    return send


def _sender(now: Now, status: int = 200) -> Handler:
    """Return the handler that sends a file as it is now."""
    last: tuple[File, Handler] | None = None

    async def send(request: web.Request) -> web.StreamResponse:
        nonlocal last
        file = now()
        if last is None or last[0] is not file:
            last = file, _sender_of(file, status)
        return await last[1](request)

    return send


def _sender_of(file: File, status: int) -> Handler:
    """Return the handler that sends one file."""
    always = {"Cache-Control": file.cache_control}
    # What only ever belongs to a page has no use for them, and they are a tenth of a small file.
    if not file.is_part:
        always.update(_HEADERS)
    if file.content_type.startswith("text/html"):
        always["Content-Security-Policy"] = _policy(file.codings[IDENTITY])
    if len(file.codings) > 1:
        always["Vary"] = "Accept-Encoding"

    async def send(request: web.Request) -> web.StreamResponse:
        coding = choose_coding(request.headers.getall("Accept-Encoding", None), file.codings)
        if coding is None:
            return http_error(406, always)
        tag = file.tag(coding)
        headers = {**always, "ETag": f'"{tag}"'}
        if status == 200 and any(known.value in (tag, "*") for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = file.content_type
        if coding != IDENTITY:
            headers["Content-Encoding"] = coding
        return web.Response(status=status, body=file.codings[coding], headers=headers)

    return send

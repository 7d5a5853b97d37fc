"""``GET /openapi.json``: OpenAPI 3.1, made from the routes and their schemas."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from apispec import APISpec

from chatd import schemas
from chatd.api.endpoint import Route
from chatd.api.media_types import UnsupportedMediaType
from chatd.api.openapi_forms import EVENT, Plugin
from chatd.api.refusals import STATUS
from chatd.errors import (
    AccountUnavailable,
    ChatError,
    Invalid,
    NotAuthenticated,
    RateLimited,
    StorageUnavailable,
    TooManyConnections,
)
from chatd.http.answers import HTTP_ERRORS, json_body

#: An error's code and sentence.
_Said = tuple[str, str]

_SECURITY = "bearer"

#: The protocol's version: the program's version is shown to administrators only.
_VERSION = "2"

_DESCRIPTION = """\
Accounts, people and messages over REST. A 2xx answer to a message means that it is on disk.

What happens is pushed over the WebSocket at `/messages/ws`, which docs/protocol.md describes; docs/errors.md says of
every code what to do. A client ignores what is not named here.
"""

_QUERY_ITEM = (
    "For old browser clients. Programs give it in a header, and browsers a ticket beside the subprotocol (`ticket.…`), "
    "which keeps it out of the address."
)

_TAGS = {
    "auth": "Accounts, and the sessions that tokens stand for.",
    "users": "People and bots, one's own profile, and blocking.",
    "files": "Pictures.",
    "messages": "Messages, one by one and in pages, and what has changed.",
    "conversations": "All conversations, with what is unread.",
    "invites": "Invitations to make an account.",
    "mentions": "Messages that name one.",
    "unread": "How much is unread.",
    "groups": "Groups, who is in them, and how others come in.",
    "join": "Codes that lead into groups.",
    "invitations": "Groups that one is invited to.",
    "admin": "What administrators of the server see and choose.",
    "health": "For monitors.",
    "openapi": "This page.",
}

_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Cache-Control": ("Whether the answer may be kept, and how long.", {"type": "string"}),
    "Chatd-Cursor": ("The place in the change log that the answer belongs to: sync from here.", {"type": "integer"}),
    "Chatd-Epoch": ("Which change log that is.", {"type": "string"}),
    "Content-Disposition": ("The name to save it under.", {"type": "string"}),
    "Retry-After": ("How many seconds to wait.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("How to sign in.", {"type": "string"}),
}

#: The headers of every error with a status.
_OF_STATUS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def handler(table: Sequence[Route]) -> Handler:
    """Return a handler that answers with the description of ``table``."""
    page = b""

    async def handle(_: web.Request) -> web.StreamResponse:
        nonlocal page
        if not page:  # made on first use, not at every start: it takes a tenth of a second
            page = await asyncio.to_thread(lambda: schemas.encode(describe(table)))
        return json_body(page)

    return handle


def describe(table: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI description of a table of routes."""
    plugin = Plugin()
    spec = APISpec(
        title="chatd",
        version=_VERSION,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": _DESCRIPTION, "license": {"name": "MIT", "identifier": "MIT"}},
        servers=[{"url": "/", "description": "This server"}],
    )
    for name, text in _TAGS.items():
        spec.tag({"name": name, "description": text})
    spec.components.security_scheme(_SECURITY, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    for name, (text, form) in _HEADERS.items():
        spec.components.header(name, {"description": text, "required": True, "schema": form})
    codes = sorted({kind.code for kind in STATUS} | {code for code, _ in HTTP_ERRORS.values()})
    spec.components.schema("ErrorCode", {"type": "string", "enum": codes, "description": "What may have gone wrong."})
    spec.components.schema(EVENT, plugin.any_event())
    for route in table:
        spec.path(path=route.path, operations={route.method.lower(): _operation(route)})
    spec.path(path="/messages/ws", operations={"get": _socket()})
    spec.path(path="/openapi.json", operations={"get": _this_page()})
    return spec.to_dict()


def _socket() -> dict[str, Any]:
    token = {"in": "query", "name": "token", "schema": {"type": "string"}}
    too_many = TooManyConnections
    return {
        "summary": "The WebSocket that tells what happens",
        "operationId": "open_socket",
        "tags": ["messages"],
        "security": [{_SECURITY: []}, {}],
        "parameters": [{**token, "description": _QUERY_ITEM}],
        "responses": {
            "101": {"description": "The handshake is done."},
            "400": _problem(400, [HTTP_ERRORS[400]]),
            "403": _problem(403, [(HTTP_ERRORS[403][0], "Pages of this origin may not connect.")]),
            "426": _problem(426, [HTTP_ERRORS[426]]),
            "503": _problem(503, [(too_many.code, too_many.sentence())]),
        },
    }


def _this_page() -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "summary": "This page",
        "operationId": "get_openapi",
        "tags": ["openapi"],
        "responses": {"200": {"description": "OK", "content": content}},
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.name,
        "tags": [route.path.split("/")[1]],
        "responses": _responses(route),
    }
    if not route.public:
        operation["security"] = [{_SECURITY: []}, {}] if route.anonymous else [{_SECURITY: []}]
    parameters: list[dict[str, Any]] = []
    if route.parameters is not None:
        parameters.append({"in": "path", "schema": route.parameters})
    if route.query is not None:
        parameters.append({"in": "query", "schema": route.query})
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {"required": route.body.is_required, "content": route.body.describe()}
    return operation


def _responses(route: Route) -> dict[str, Any]:
    success: dict[str, Any] = {"description": route.summary, **_with_headers((*route.headers, "Cache-Control"))}
    if route.answer is not None:
        schema: Any = {"type": "array", "items": route.answer} if route.many else route.answer
        success["content"] = {route.media_type: {"schema": schema}}
    elif route.status == 200:
        success["content"] = {route.media_type: {"schema": {"type": "string", "format": "binary"}}}
    problems = {str(status): _problem(status, said) for status, said in sorted(_errors(route).items())}
    for status, form in route.others.items():
        content = {"application/json": {"schema": form}}
        problems[str(status)] = {**success, "description": (type(form).__doc__ or "").strip(), "content": content}
    return {str(route.status): success, **problems}


def _with_headers(names: Sequence[str]) -> dict[str, Any]:
    return {"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names}} if names else {}


def _problem(status: int, problems: Sequence[_Said]) -> dict[str, Any]:
    """Return the description of an error answer, with an example for each code."""
    examples: dict[str, Mapping[str, Any]] = {}
    for code, sentence in problems:
        examples.setdefault(code, {"value": {"detail": sentence, "code": code}})
    return {
        "description": " ".join(f"`{code}`: {sentence}" for code, sentence in problems),
        **_with_headers(_OF_STATUS.get(status, ())),
        "content": {"application/json": {"schema": schemas.ErrorSchema(), "examples": examples}},
    }


def _errors(route: Route) -> dict[int, list[_Said]]:
    """Return every error a route may answer with: its own, and those of its body, token and rate limit."""
    kinds: list[type[ChatError]] = [*route.errors, Invalid, StorageUnavailable]
    if route.limited:
        kinds.append(RateLimited)
    if not route.public:
        kinds += [NotAuthenticated, AccountUnavailable]
    statuses = [413]
    if route.body is not None:
        kinds += [route.body.malformed, UnsupportedMediaType]
        statuses.append(408)
    found: dict[int, list[_Said]] = {}
    if route.method != "GET":
        found[403] = [(HTTP_ERRORS[403][0], "Pages of this origin may not do that.")]
    for kind in kinds:
        found.setdefault(STATUS[kind], []).append((kind.code, kind.sentence()))
    for status in statuses:
        found.setdefault(status, []).append(HTTP_ERRORS[status])
    return found

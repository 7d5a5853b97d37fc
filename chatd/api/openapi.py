"""``GET /openapi.json``: OpenAPI 3.1 made from the table of routes and the schemas it names."""

from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from chatd import __version__, schemas
from chatd.api.endpoint import STATUS, Route
from chatd.errors import AccountUnavailable, ChatError, NotAuthenticated, RateLimited, StorageUnavailable
from chatd.http.answers import json_response

_SECURITY = "bearer"


def handler(table: Sequence[Route]) -> Handler:
    """Return the handler that answers with the page about ``table``."""
    page: dict[str, Any] = {}

    async def handle(_: web.Request) -> web.StreamResponse:
        if not page:  # made when somebody asks, not at every start
            page.update(describe(table))
        return json_response(page)

    return handle


def describe(table: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI page about a table of routes."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="chatd",
        version=__version__,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={
            "description": (
                "Private messages over REST. A 2xx answer to a message means it is on disk. "
                "New messages are pushed over the WebSocket at /messages/ws."
            )
        },
    )
    spec.components.security_scheme(_SECURITY, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    for route in table:
        spec.path(path=route.path, operations={route.method.lower(): _operation(route)})
    spec.path(path="/messages/ws", operations={"get": _SOCKET})
    spec.path(
        path="/openapi.json",
        operations={
            "get": {
                "summary": "This page",
                "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": {}}}}},
            }
        },
    )
    return spec.to_dict()


_SOCKET: dict[str, Any] = {
    "summary": "The WebSocket that pushes new messages; the close codes are in the documentation",
    "parameters": [
        {"in": "query", "name": "token", "schema": {"type": "string"}, "description": "Or a bearer token in a header."}
    ],
    "responses": {
        "101": {"description": "The handshake is done."},
        **{
            str(status): {"description": text, "content": {"application/json": {"schema": schemas.ErrorSchema()}}}
            for status, text in {
                400: "The handshake is not well formed.",
                403: "Pages of this origin may not connect.",
                426: "This is not a WebSocket handshake of version 13.",
                503: "There are too many connections.",
            }.items()
        },
    },
}


def _schema_name(schema: Schema | type[Schema]) -> str:
    cls = schema if isinstance(schema, type) else type(schema)
    return cls.__name__.removesuffix("Schema")


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.handler.__module__.rpartition(".")[2] + "_" + route.handler.__name__,
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
        operation["requestBody"] = {"required": True, "content": route.body.describe()}
    return operation


def _responses(route: Route) -> dict[str, Any]:
    success: dict[str, Any] = {"description": route.summary}
    if route.answer is not None:
        schema: Any = {"type": "array", "items": route.answer} if route.many else route.answer
        success["content"] = {route.media_type: {"schema": schema}}
    elif route.status == 200:
        success["content"] = {route.media_type: {}}
    responses = {str(route.status): success}
    for status, sentences in sorted(_errors(route).items()):
        responses[str(status)] = {
            "description": " ".join(sentences),
            "content": {"application/json": {"schema": schemas.ErrorSchema()}},
        }
    return responses


def _errors(route: Route) -> dict[int, list[str]]:
    """Return every error a route may answer with: its own, and those that come with what it takes."""
    kinds: list[type[ChatError]] = [*route.errors, StorageUnavailable]
    if route.limited:
        kinds.append(RateLimited)
    if not route.public:
        kinds += [NotAuthenticated, AccountUnavailable]
    found: dict[int, list[str]] = {}
    for kind in kinds:
        found.setdefault(STATUS[kind], []).append(kind.sentence())
    found[413] = ["The body is too large."]
    if route.body is not None:
        found.setdefault(400, []).append("The body is not well formed.")
        found[408] = ["The body took too long to arrive."]
        found[415] = ["The body is of another type or charset, or compressed."]
    if route.body is not None or route.query is not None or route.parameters is not None:
        found[422] = ["A value is missing, of the wrong type, or out of range."]
    return found

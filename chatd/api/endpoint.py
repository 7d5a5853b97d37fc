"""What all routes have in common: authentication, rate limits, validation, and writing the answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, cast

from aiohttp import web
from aiohttp.typedefs import Handler
from marshmallow import Schema

from chatd.api.bodies import MAX_BODY, Body, refuse_larger
from chatd.api.refusals import refusal
from chatd.api.targets import check_target
from chatd.errors import (
    ChatError,
    NotAuthenticated,
)
from chatd.http.answers import NO_STORE, json_body
from chatd.http.context import ADDRESS, SERVICES, request_number
from chatd.http.heads import bearer_token
from chatd.models import Identity
from chatd.records import Record
from chatd.schemas import BaseSchema
from chatd.services import Services
from chatd.services.limits import RateLimiter, limit_key

log = logging.getLogger(__name__)

#: The headers of an answer that belongs to a place in the change log.
LOG_POSITION = ("Chatd-Epoch", "Chatd-Cursor")


class Call(Record):
    """One authenticated and validated request."""

    request: web.Request
    services: Services
    identity: Identity | None
    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def caller(self) -> Identity:
        """The caller, on a route that requires a token."""
        return cast(Identity, self.identity)

    @property
    def address(self) -> str:
        """The address that the request comes from."""
        return self.request[ADDRESS]


@dataclass(frozen=True, slots=True)
class Route:
    """How a route is reached, what it takes, and everything it may answer.

    :ivar name: its name in generated clients, which never changes.
    :ivar headers: the headers of a successful answer.
    :ivar others: the forms of other successful answers, by their status: see :class:`Other`.
    :ivar public: the route ignores tokens.
    :ivar anonymous: the route needs no token, but refuses an invalid one.
    """

    method: str
    path: str
    name: str
    handler: Callable[[Call], Awaitable[Any]]
    summary: str
    answer: BaseSchema | None = None
    status: int = 200
    many: bool = False
    public: bool = False
    anonymous: bool = False
    limited: bool = True
    parameters: Schema | None = None
    query: Schema | None = None
    body: Body | None = None
    errors: tuple[type[ChatError], ...] = ()
    media_type: str = "application/json"
    headers: tuple[str, ...] = ()
    others: Mapping[int, BaseSchema] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's result with headers to send beside it."""

    result: Any
    headers: Mapping[str, str]

    @classmethod
    def at_log_position(cls, result: Any, epoch: str, cursor: int) -> Self:
        """Return an answer that says which place in the change log it belongs to: its client syncs from there."""
        return cls(result, dict(zip(LOG_POSITION, (epoch, str(cursor)), strict=True)))


@dataclass(frozen=True, slots=True)
class Other:
    """A handler's result where it is one of the route's other answers."""

    status: int
    result: Any


def endpoint(route: Route, requests: RateLimiter) -> Handler:
    """Return the aiohttp handler of a route.

    :param requests: the rate limit of each user, and of each address without one.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        services = request.app[SERVICES]
        identity = None
        try:
            if not route.public and not (route.anonymous and not request.headers.get("Authorization")):
                identity = await services.sessions.authenticate(required_token(request.headers))
        finally:
            if route.limited:
                requests.take(limit_key(request[ADDRESS]) if identity is None else identity.user_id)
        if route.body is None:
            refuse_larger(request, MAX_BODY)
        check_target(request, route.path)
        path = {} if route.parameters is None else _load(route.parameters, request.match_info)
        query = {} if route.query is None else _load(route.query, request.query)
        body = {} if route.body is None else await route.body.read(request)
        result = await route.handler(Call(request, services, identity, path, query, body))
        if isinstance(result, Other):
            return json_body(route.others[result.status].to_json(result.result), result.status)
        headers = None
        if isinstance(result, Answer):
            result, headers = result.result, result.headers
        if route.answer is None:
            if isinstance(result, web.StreamResponse):
                return result
            return web.Response(status=route.status, headers=NO_STORE)
        return json_body(route.answer.to_json(result, many=route.many), route.status, headers)

    return handle


def required_token(headers: Mapping[str, str]) -> str:
    """Return a request's bearer token.

    :raises NotAuthenticated: there is none.
    """
    token = bearer_token(headers)
    if token is None:
        raise NotAuthenticated
    return token


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into an answer."""
    try:
        return await handler(request)
    except (web.HTTPException, ConnectionError, asyncio.CancelledError):
        raise
    except Exception as error:
        return refusal(error, f"{request.method} {request.path}", request_number(request))


def _load(schema: Schema, data: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], schema.load(data))

"""Keys for values that a request or the application carries."""

import itertools
from collections.abc import Callable
from typing import Protocol

from aiohttp import web
from aiohttp.http import RawRequestMessage

from chatd.config import Config
from chatd.delivery.registry import Registry
from chatd.services import Services

CONFIG: web.AppKey[Config] = web.AppKey("config", Config)
SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
REGISTRY: web.AppKey[Registry] = web.AppKey("registry", Registry)


class Directly(Protocol):
    """Answers requests inside the reader, without a task."""

    def __call__(self, message: RawRequestMessage, body: bytes, answer: Callable[[bytes], None], /) -> bool:
        """Answer a request, or return False and leave it to the routes.

        :param message: the request's head.
        :param body: its whole body.
        :param answer: called once with the whole answer, now or later.
        """


#: Answers requests inside the reader, where the fast path runs.
DIRECTLY: web.AppKey[Directly] = web.AppKey("directly")

#: The client's address, as told by trusted proxies.
ADDRESS: web.RequestKey[str] = web.RequestKey("address", str)

#: The request's number, which counts up from the start of the process. Every log line about a request has it.
NUMBER: web.RequestKey[int] = web.RequestKey("number", int)

#: Request headers that the choice of the answer depended on, besides Origin: a value for Vary.
VARIES: web.RequestKey[str] = web.RequestKey("varies", str)

_numbers = itertools.count(1)


def next_number() -> int:
    """Return the next request's number."""
    return next(_numbers)


def begin(request: web.BaseRequest) -> int:
    """Number a new request, and return the number."""
    request[NUMBER] = number = next_number()
    return number


def request_number(request: web.BaseRequest) -> int:
    """Return a request's number; one that never reached the application gets it now."""
    number: int | None = request.get(NUMBER)
    return begin(request) if number is None else number

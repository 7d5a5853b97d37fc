"""What a request carries through the rooms, and what the application carries for all requests."""

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

        :param message: its head.
        :param body: its body, all of it.
        :param answer: to be called once with the whole answer, now or later.
        """


#: What answers requests inside the reader, where the fast path runs.
DIRECTLY: web.AppKey[Directly] = web.AppKey("directly")

#: The client's address, proxies seen through.
ADDRESS: web.RequestKey[str] = web.RequestKey("address", str)

#: The request's number: it counts up from the start of the process, and stands in every line of the log about it.
NUMBER: web.RequestKey[int] = web.RequestKey("number", int)

#: The names of request headers on which the choice of the answerer depended, besides Origin.
VARIES: web.RequestKey[str] = web.RequestKey("varies", str)

_numbers = itertools.count(1)


def next_number() -> int:
    """Return the number of a request that has no other."""
    return next(_numbers)


def begin(request: web.BaseRequest) -> int:
    """Give a request that has none yet its number, and return it."""
    request[NUMBER] = number = next_number()
    return number


def request_number(request: web.BaseRequest) -> int:
    """Return a request's number; one that has none yet, as it never came to the application, gets it here."""
    number: int | None = request.get(NUMBER)
    return begin(request) if number is None else number

"""What a request carries through the rooms, and what the application carries for all requests."""

import itertools

from aiohttp import web

from chatd.config import Config
from chatd.services import Services
from chatd.ws.registry import Registry

CONFIG: web.AppKey[Config] = web.AppKey("config", Config)
SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
REGISTRY: web.AppKey[Registry] = web.AppKey("registry", Registry)

#: The client's address, proxies seen through.
ADDRESS: web.RequestKey[str] = web.RequestKey("address", str)

#: The request's number: it counts up from the start of the process, and stands in every line of the log about it.
NUMBER: web.RequestKey[int] = web.RequestKey("number", int)

#: The names of request headers on which the choice of the answerer depended, besides Origin.
VARIES: web.RequestKey[str] = web.RequestKey("varies", str)

_numbers = itertools.count(1)


def begin(request: web.BaseRequest) -> int:
    """Give a request that has none yet its number, and return it."""
    request[NUMBER] = number = next(_numbers)
    return number


def request_number(request: web.BaseRequest) -> int:
    """Return a request's number; one that has none yet, as it never came to the application, gets it here."""
    number: int | None = request.get(NUMBER)
    return begin(request) if number is None else number

"""What a request carries through the rooms, and what the application carries for all requests."""

from aiohttp import web

from chatd.config import Config
from chatd.services import Services
from chatd.ws.registry import Registry

CONFIG: web.AppKey[Config] = web.AppKey("config", Config)
SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
REGISTRY: web.AppKey[Registry] = web.AppKey("registry", Registry)

#: The client's address, proxies seen through.
ADDRESS: web.RequestKey[str] = web.RequestKey("address", str)

#: The names of request headers on which the choice of the answerer depended, besides Origin.
VARIES: web.RequestKey[str] = web.RequestKey("varies", str)

"""The composition root: the one place where everything is wired."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from chatd import clock as wall_clock
from chatd import fastpath, logs
from chatd.api import endpoint, openapi
from chatd.api.bodies import MAX_BODY
from chatd.api.direct import DirectSends
from chatd.api.routes import routes
from chatd.clock import DAY_MS, Clock
from chatd.config import Config
from chatd.delivery.connection import SocketTimeouts
from chatd.delivery.presence import Presence
from chatd.delivery.registry import Registry
from chatd.errors import ChatError
from chatd.events import AccountDeleted, BlockChanged, Change, Event, MessageCreated, PresenceChanged
from chatd.http.context import ADDRESS, CONFIG, DIRECTLY, REGISTRY, SERVICES, begin
from chatd.http.origins import add_headers, always, ask_origin
from chatd.http.proxies import Proxies
from chatd.http.routing import add_route, pattern
from chatd.services import (
    Accounts,
    Avatars,
    Backups,
    Blocks,
    Erasure,
    Exports,
    Forgetting,
    Health,
    Histories,
    Messages,
    Reports,
    Services,
    Sessions,
    Sync,
    Tickets,
    name_keys,
)
from chatd.services.limits import per_second
from chatd.services.passwords import Passwords
from chatd.services.tokens import Tokens
from chatd.stats import Stats
from chatd.storage.database import Database
from chatd.storage.engine.sqlite.connections import Synchronous
from chatd.storage.engine.sqlite.engine import WATCH_INTERVAL, Sqlite
from chatd.web.files import STATIC
from chatd.web.routes import add_routes as add_web_routes
from chatd.ws.handler import SocketHandler

if TYPE_CHECKING:
    from chatd.metrics.door import Metrics
    from chatd.metrics.watching import Watch

log = logging.getLogger(__name__)

#: How often what can wait is written, in seconds: when sessions were last seen.
HOUSEKEEPING_INTERVAL = 60.0

_SOCKET_PATH = "/messages/ws"

#: Only where somebody may read them.
METRICS: web.AppKey["Metrics"] = web.AppKey("metrics")


def create_app(
    config: Config,
    key: bytes,
    *,
    clock: Clock = wall_clock.now,
    static: Path = STATIC,
    synchronous: Synchronous = "FULL",
    fast: bool = True,
    timeouts: SocketTimeouts | None = None,
) -> web.Application:
    """Return the application, wired; it opens its database when it starts and closes it when it is cleaned up.

    :param config: the settings; the database must be migrated.
    :param key: what signs tokens.
    :param clock: the wall clock.
    :param static: the directory of the built web client.
    :param synchronous: anything but FULL breaks the promise of an acknowledgement; tests prove themselves by it.
    :param fast: see :func:`chatd.fastpath.socket_type`.
    :param timeouts: how long sockets wait for their clients.
    """
    stats = Stats()
    db = Database(Sqlite(config.database, synchronous=synchronous), stats=stats if config.metrics.are_read else None)
    registry = Registry(
        per_user=config.limits.connections_per_user,
        per_address=config.limits.connections_per_address,
        in_all=config.limits.connections,
    )
    db.subscribe(registry.publish)
    passwords = Passwords()
    sessions = Sessions(db, Tokens(key), passwords, config.accounts, config.limits, clock)
    sync = Sync(db, clock, config.server.change_log_days)
    erasure = Erasure(db, clock)
    exports = Exports(config.database, config.limits, clock)
    services = Services(
        database=db,
        accounts=Accounts(db, sessions, passwords, config.accounts, config.limits, clock),
        sessions=sessions,
        tickets=Tickets(sessions, clock),
        messages=Messages(db, config.limits, clock),
        avatars=Avatars(db, clock),
        backups=Backups(
            config.database,
            config.backups,
            clock,
            every_hours=config.backup.every_hours,
            keep=config.backup.keep,
        ),
        sync=sync,
        health=Health(db, clock),
        histories=Histories(db),
        blocks=Blocks(db, clock),
        reports=Reports(db, config.limits, clock),
        exports=exports,
    )

    app = web.Application(
        middlewares=[_find_address(Proxies(config.server.trusted_proxies)), ask_origin, endpoint.errors],
        client_max_size=MAX_BODY,
    )
    app[CONFIG] = config
    app[SERVICES] = services
    app[REGISTRY] = registry
    if config.web.enabled:
        add_web_routes(app.router, config, static)
    requests = per_second(config.limits.requests_per_second)
    table = routes(config)
    paths = {_SOCKET_PATH, *(route.path for route in table)}
    for route in table:
        add_route(app.router, route.method, pattern(route.path, paths), endpoint.endpoint(route, requests))
    sockets = SocketHandler(
        config.limits.commands_per_second,
        clock,
        stats,
        SocketTimeouts() if timeouts is None else timeouts,
        fastpath.socket_type(fast=fast),
    )
    add_route(app.router, "GET", _SOCKET_PATH, sockets.handle)
    add_route(app.router, "GET", "/openapi.json", openapi.handler(table))
    app.on_response_prepare.append(add_headers)
    count = _measure(app, stats).count_status if config.metrics.are_read else None
    app[DIRECTLY] = DirectSends(services, requests, count, always(config))

    async def running(_: web.Application) -> AsyncIterator[None]:
        await db.open()
        await name_keys.renew_where_due(db)
        registry.head = (await sync.place()).seq
        tasks = {
            asyncio.create_task(_housekeeping(sessions, sync, erasure, Forgetting(db, clock))),
            asyncio.create_task(services.backups.run()),
        }

        def start(work: Coroutine[None, None, None]) -> None:
            tasks.add(task := asyncio.create_task(work))
            task.add_done_callback(tasks.discard)

        db.subscribe_foreign(lambda: start(_end_what_ended(sessions, registry)))
        db.subscribe_foreign(lambda: start(_erase(erasure)))

        presence = Presence(sync, registry, clock)

        def tell_presence(user_id: int) -> None:
            start(presence.tell(user_id))

        def follow(event: Event) -> None:
            match event:
                case MessageCreated(is_first=True, message=message):
                    for user_id in filter(registry.is_online, (message.sender_id, message.to.id)):
                        tell_presence(user_id)
                case BlockChanged(blocker_id=user_id, blocked_id=other_id, are_acquainted=True):
                    if registry.is_online(other_id):  # else the user has been told that already
                        online = not event.on
                        told = PresenceChanged(recipients=(user_id,), user_id=other_id, online=online, at=clock())
                        registry.publish(told)
                case AccountDeleted():
                    start(_erase(erasure))

        registry.on_presence(tell_presence)
        db.subscribe(follow, MessageCreated, BlockChanged, AccountDeleted)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await sessions.write_seen()
        await db.close()
        passwords.close()
        exports.close()

    app.cleanup_ctx.append(running)
    return app


def _measure(app: web.Application, stats: Stats) -> "Watch":
    """Have the metrics counted, and readable at the public listener by who has the token; return who counts."""
    # Imported only where somebody may read them: see the collector.
    from chatd.metrics import door
    from chatd.metrics.collector import Sources
    from chatd.metrics.watching import Watch

    config, services, watch = app[CONFIG], app[SERVICES], Watch()
    metrics = app[METRICS] = door.Metrics(
        Sources(
            stats=stats,
            watch=watch,
            registry=app[REGISTRY],
            database=services.database,
            path=config.database,
            sync=services.sync,
            log_seconds=config.server.change_log_days * DAY_MS / 1000,
            backup_proven_at=lambda: services.backups.last_proven_at,
        )
    )
    services.database.subscribe(watch.count_event, Change)
    app.on_response_prepare.append(watch.count_response)
    if config.metrics.token:
        add_route(app.router, "GET", door.PATH, metrics.handler(config.metrics.token))

    async def watching(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(watch.watch_loop())
        yield
        task.cancel()

    app.cleanup_ctx.append(watching)
    return watch


def create_metrics_app(app: web.Application) -> web.Application:
    """Return the application of a listener that has the metrics of ``app``, which is measured, and nothing else."""
    from chatd.metrics import door

    config = app[CONFIG]
    listener = web.Application(middlewares=[_find_address(Proxies(())), endpoint.errors])
    listener[CONFIG] = config
    add_route(listener.router, "GET", door.PATH, app[METRICS].handler(config.metrics.token))
    listener.on_response_prepare.append(add_headers)
    return listener


def _find_address(proxies: Proxies) -> Middleware:
    @web.middleware
    def find_address(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        logs.about("request", begin(request))
        request[ADDRESS] = proxies.client_address(request.remote, request.headers.getall("X-Forwarded-For", ()))
        return handler(request)

    return find_address


async def _housekeeping(sessions: Sessions, sync: Sync, erasure: Erasure, forgetting: Forgetting) -> None:
    while True:
        try:
            await sessions.write_seen()
            await sync.prune()
            await erasure.run()
            await forgetting.run()
        except ChatError as error:
            log.error("housekeeping failed: %s", error.detail, extra={"event": "housekeeping_failed"})
        except Exception:
            log.exception("housekeeping failed", extra={"event": "housekeeping_failed"})
        await asyncio.sleep(HOUSEKEEPING_INTERVAL)


async def _end_what_ended(sessions: Sessions, registry: Registry) -> None:
    """Close the connections of sessions that another process has ended."""
    while True:
        try:
            events = await sessions.find_ended(registry.sessions())
        except ChatError as error:
            log.error("it is not known whose session has ended: %s", error.detail, extra={"event": "ends_unknown"})
            await asyncio.sleep(WATCH_INTERVAL)
        else:
            break
    for event in events:
        registry.publish(event)


async def _erase(erasure: Erasure) -> None:
    """Erase what deleted accounts have left; what fails now is tried again by the housekeeping."""
    try:
        await erasure.run()
    except ChatError as error:
        log.error("a deleted account is not erased yet: %s", error.detail, extra={"event": "erasure_failed"})

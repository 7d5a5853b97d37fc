"""The composition root: the one place where everything is wired."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from chatd import clock as wall_clock
from chatd import fastpath, logs
from chatd.api import endpoint, openapi
from chatd.api.bodies import MAX_BODY
from chatd.api.direct import DirectSends
from chatd.api.events import POLL_CHECK_INTERVAL
from chatd.api.routes import routes
from chatd.clock import DAY_MS, Clock
from chatd.cluster.encoding import encode
from chatd.config import Config
from chatd.consumers import (
    CommunityChanges,
    Consumers,
    Erasing,
    OtherProcesses,
    Presence,
    Removing,
    SessionEnds,
    Sockets,
)
from chatd.consumers.others import Peers
from chatd.delivery.connection import SocketTimeouts
from chatd.delivery.registry import Registry
from chatd.http.context import ADDRESS, CONFIG, DIRECTLY, REGISTRY, SERVICES, begin
from chatd.http.origins import add_headers, always, ask_origin
from chatd.http.proxies import Proxies
from chatd.http.routing import add_route, pattern
from chatd.services import (
    Accounts,
    Actions,
    Administration,
    Approvals,
    Avatars,
    Backups,
    Blocks,
    Communities,
    Erasure,
    Exports,
    Forgetting,
    GroupErasure,
    Groups,
    Health,
    Histories,
    Invitations,
    Invites,
    Messages,
    Reports,
    Services,
    Sessions,
    Sync,
    housekeeping,
    name_keys,
)
from chatd.services.limiting import per_hour
from chatd.services.limits import per_second
from chatd.services.passwords import DEFAULT, Hashing, Passwords
from chatd.services.sharing import Sharing
from chatd.services.tickets import OwnTickets, SharedTickets
from chatd.services.tokens import Tokens
from chatd.stats import Stats
from chatd.storage import stores
from chatd.storage.database import Database
from chatd.storage.engine.sqlite.connections import Synchronous
from chatd.web.files import STATIC
from chatd.web.routes import add_routes as add_web_routes
from chatd.ws.handler import SocketHandler

if TYPE_CHECKING:
    from chatd.metrics.door import Metrics
    from chatd.metrics.watching import Watch

_SOCKET_PATH = "/messages/ws"

#: Only where somebody may read them.
METRICS: web.AppKey["Metrics"] = web.AppKey("metrics")


def create_app(
    config: Config,
    key: bytes,
    *,
    clock: Clock = wall_clock.now,
    static: Path = STATIC,
    picture: bytes = b"",
    synchronous: Synchronous = "FULL",
    fast: bool = True,
    timeouts: SocketTimeouts | None = None,
    housekeeping_interval: float = housekeeping.INTERVAL,
    poll_check_interval: float = POLL_CHECK_INTERVAL,
    hashing: Hashing = DEFAULT,
) -> web.Application:
    """Return the application, wired; it opens its database when it starts and closes it when it is cleaned up.

    :param config: the settings; the database must be migrated.
    :param key: what signs tokens.
    :param clock: the wall clock.
    :param static: the directory of the built web client.
    :param picture: the one that the settings name, as WebP; empty if there is none.
    :param synchronous: anything but FULL breaks the promise of an acknowledgement; tests prove themselves by it.
    :param fast: see :func:`chatd.fastpath.socket_type`.
    :param timeouts: how long sockets wait for their clients.
    :param housekeeping_interval: how long the housekeeping rests between two rounds, in seconds.
    :param poll_check_interval: how often a long poll checks on its client, in seconds.
    :param hashing: what the hash of a password costs.
    """
    stats = Stats()
    engine = stores.engine(config, synchronous=synchronous)
    db = Database(
        engine,
        stats=stats if config.metrics.are_read else None,
        encode=encode if engine.is_shared else None,
    )
    registry = Registry(
        per_user=config.limits.connections_per_user,
        per_address=config.limits.connections_per_address,
        in_all=config.limits.connections,
    )
    passwords = Passwords(hashing)
    community = Communities(db, config, picture)
    sessions = Sessions(db, Tokens(key), passwords, config.accounts, config.limits, clock)
    sync = Sync(db, clock, config.server.change_log_days)
    erasure = Erasure(db, clock)
    exports_limit = per_hour(db, clock, "exports", config.limits.exports_per_hour)
    groups = Groups(db, config.groups, clock)
    ended = GroupErasure(db, clock, config.groups.removed_days)
    actions = Actions(db, config.groups, config.limits, clock)
    exports = Exports(config.store, config.data_dir, exports_limit, clock)
    services = Services(
        database=db,
        accounts=Accounts(db, sessions, passwords, community, config.limits, clock),
        community=community,
        administration=Administration(db, clock),
        sessions=sessions,
        tickets=SharedTickets(db, sessions, clock) if db.is_shared else OwnTickets(sessions, clock),
        messages=Messages(db, config.limits, clock),
        avatars=Avatars(db, clock),
        backups=Backups(
            config.database_file,
            config.backups,
            clock,
            every_hours=0 if config.database.url else config.backup.every_hours,
            keep=config.backup.keep,
        ),
        sync=sync,
        health=Health(db, clock),
        histories=Histories(db, clock),
        blocks=Blocks(db, clock),
        reports=Reports(db, config.limits, clock),
        exports=exports,
        invites=Invites(db, clock),
        groups=groups,
        invitations=Invitations(db, groups, config.limits, clock),
        approvals=Approvals(db, groups, clock),
        actions=actions,
    )

    app = web.Application(
        middlewares=[_find_address(Proxies(config.server.trusted_proxies)), ask_origin, endpoint.errors],
        client_max_size=MAX_BODY,
    )
    app[CONFIG] = config
    app[SERVICES] = services
    app[REGISTRY] = registry
    if config.web.enabled:
        add_web_routes(app.router, config, static, community)
    requests = per_second(config.limits.requests_per_second)
    table = routes(config, poll_check_interval=poll_check_interval)
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
    consumers = Consumers(db)
    others = None
    if isinstance(engine, Peers):
        others = OtherProcesses(engine, db, registry, sessions, clock, per_user=config.limits.connections_per_user)
        consumers.add(others)
    consumers.add(Sockets(registry, sync))
    count = None
    if config.metrics.are_read:
        count = _measure(app, stats, consumers, others).count_status
    consumers.add(
        Presence(sync, registry, clock),
        Erasing(erasure, lambda: engine.is_leading),
        SessionEnds(sessions, registry),
        CommunityChanges(community),
        Removing(actions),
    )
    app[DIRECTLY] = DirectSends(services, requests, count, always(config))

    async def running(_: web.Application) -> AsyncIterator[None]:
        await db.open()
        await name_keys.renew_where_due(db)
        await consumers.start()
        chores = housekeeping.Housekeeping(
            sessions.write_seen,
            *(
                housekeeping.leading(db, chore)
                for chore in (sync.prune, erasure.run, actions.tidy, ended.run, Forgetting(db, clock).run)
            ),
            housekeeping.leading(db, Sharing(db, clock).tidy),
            interval=housekeeping_interval,
        )
        tasks = [asyncio.create_task(chores.run()), asyncio.create_task(services.backups.run())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await consumers.stop()
        with contextlib.suppress(Exception):
            await sessions.write_seen()
        await db.close()
        passwords.close()
        exports.close()

    app.cleanup_ctx.append(running)
    return app


def _measure(app: web.Application, stats: Stats, consumers: Consumers, others: OtherProcesses | None) -> "Watch":
    """Count what the metrics say and let whoever has the token read them; return the counter."""
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
            path=None if config.database.url else config.database_file,
            sync=services.sync,
            log_seconds=config.server.change_log_days * DAY_MS / 1000,
            backup_proven_at=lambda: services.backups.last_proven_at,
            cursors=consumers.cursors,
            cluster=lambda: None if others is None else others.numbers(),
        )
    )
    consumers.add(watch)
    app.on_response_prepare.append(watch.count_response)
    if config.metrics.token:
        add_route(app.router, "GET", door.PATH, metrics.handler(config.metrics.token))
    return watch


def create_metrics_app(app: web.Application) -> web.Application:
    """Return the application of the metrics' own listener; ``app`` counts what it shows."""
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

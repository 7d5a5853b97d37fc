"""Running the server: start, signals, and a stop that loses nothing."""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import ssl
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import aiohttp
from aiohttp import web

from chatd import __version__, data_dir, fastpath, systemd
from chatd import clock as wall_clock
from chatd.api.events import POLL_CHECK_INTERVAL
from chatd.app import create_app, create_metrics_app
from chatd.clock import Clock
from chatd.config import Config
from chatd.errors import ConfigurationError
from chatd.http.context import DIRECTLY, REGISTRY
from chatd.http.crowd import Crowd
from chatd.http.listener import Listener
from chatd.http.proxies import Proxies
from chatd.http.timeouts import Timeouts
from chatd.http.tls import load_certificate, tls_context
from chatd.services import housekeeping, keys
from chatd.services.passwords import DEFAULT, Hashing
from chatd.storage import stores
from chatd.storage.engine.sqlite.connections import Synchronous
from chatd.web.community import read_picture
from chatd.web.files import STATIC

log = logging.getLogger(__name__)

#: Of the garbage collector: how many new objects start a collection of the youngest generation, and how many of its
#: collections start one of the next.
GC_THRESHOLDS = (50_000, 20, 50)

#: How long a scrape of the metrics may take to end when the server stops, in seconds: it takes a millisecond.
SCRAPE_TIMEOUT = 0.5

#: How long after SIGHUP a closing terminal may still exist, in seconds.
TERMINAL_PATIENCE = 1.0

#: The least that is upgraded in a second, in bytes: a twentieth of what was measured, with the copy and the rebuilding
#: of the largest table.
UPGRADE_RATE = 1_000_000


class Server:
    """A running chatd in this process."""

    def __init__(
        self,
        config: Config,
        *,
        static: Path = STATIC,
        synchronous: Synchronous = "FULL",
        fast: bool = True,
        housekeeping_interval: float = housekeeping.INTERVAL,
        poll_check_interval: float = POLL_CHECK_INTERVAL,
        timeouts: Timeouts | None = None,
        clock: Clock = wall_clock.now,
        hashing: Hashing = DEFAULT,
    ) -> None:
        """Create a server that :meth:`start` starts.

        :param static: the directory of the built web client.
        :param synchronous: see :func:`chatd.app.create_app`, and so for the two intervals.
        :param fast: False takes the public way through aiohttp: see :mod:`chatd.fastpath`.
        :param timeouts: how long connections wait for their clients.
        :param clock: the wall clock.
        :param hashing: what the hash of a password costs.
        """
        self._config = config
        self._fast = fast
        self._timeouts = Timeouts() if timeouts is None else timeouts
        self._create_app = partial(
            create_app,
            static=static,
            synchronous=synchronous,
            fast=fast,
            timeouts=self._timeouts.sockets,
            housekeeping_interval=housekeeping_interval,
            poll_check_interval=poll_check_interval,
            clock=clock,
            hashing=hashing,
        )
        self._held = contextlib.ExitStack()
        self._tls: ssl.SSLContext | None = None
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None
        self._metrics_runner: web.AppRunner | None = None
        self._metrics_listener: Listener | None = None
        self._crowd = Crowd(config.limits.tcp_connections_per_address, Proxies(config.server.trusted_proxies))

    @property
    def urls(self) -> list[str]:
        """The addresses it answers at."""
        assert self._listener is not None
        return self._listener.urls

    @property
    def url(self) -> str:
        """The first address it answers at."""
        return self.urls[0]

    @property
    def speaks_tls(self) -> bool:
        """Whether it has a certificate, which it reads again at SIGHUP."""
        return self._tls is not None

    @property
    def app(self) -> web.Application:
        """The application it runs."""
        assert self._runner is not None
        return self._runner.app

    async def start(self) -> None:
        """Create what is missing, upgrade the database, and begin to answer.

        :raises ConfigurationError: the server cannot start; the text says why.
        :raises DatabaseUnusable: the database cannot be used; the text says why.
        """
        config = self._config
        data_dir.prepare(config.data_dir)
        self._held.enter_context(data_dir.locked(config.data_dir))
        try:
            if config.server.tls_cert:
                self._tls = tls_context(config.server.tls_cert, config.server.tls_key)
            key = b"" if keys.is_shared(config) else keys.own(config)
            is_new = stores.prepare(config.store, upgrading=_ask_for_time)
            key = key or keys.signing_key(config)
            app = self._create_app(config, key, picture=await read_picture(config.web))
            self._runner = web.AppRunner(app, shutdown_timeout=self._timeouts.shutdown)
            await self._runner.setup()
            if config.metrics.port:
                await self._open_metrics(app)
            self._listener = self._listens(self._runner, config.server.host, config.server.port, self._tls)
            await self._listener.open()
        except BaseException:
            await self.stop()
            raise
        if fastpath.MISSING:
            log.warning(
                "aiohttp %s lacks what the fast path needs (%s): the slower public way is used",
                aiohttp.__version__,
                ", ".join(fastpath.MISSING),
                extra={"event": "fast_path_off", "missing": list(fastpath.MISSING)},
            )
        if is_new:
            path = "" if config.database.url else str(config.database_file)
            where = path or "in PostgreSQL"
            log.info("a new database was made: %s", where, extra={"event": "database_made", "path": path})

    async def _open_metrics(self, app: web.Application) -> None:
        """Begin to answer at the metrics' own listener."""
        self._metrics_runner = web.AppRunner(create_metrics_app(app), shutdown_timeout=SCRAPE_TIMEOUT)
        await self._metrics_runner.setup()
        metrics = self._config.metrics
        self._metrics_listener = self._listens(self._metrics_runner, metrics.host, metrics.port, None)
        await self._metrics_listener.open()
        for url in self._metrics_listener.urls:
            log.info("the metrics are at %s", url, extra={"event": "metrics_open", "url": url})

    def _listens(self, runner: web.AppRunner, hosts: Sequence[str], port: int, tls: ssl.SSLContext | None) -> Listener:
        """Return the listener of an application that is set up."""
        assert runner.server is not None
        protocol = fastpath.protocol(runner.app.get(DIRECTLY), fast=self._fast)
        return Listener(runner.server, hosts, port, tls, protocol=protocol, timeouts=self._timeouts, crowd=self._crowd)

    async def stop(self) -> None:
        """Close every socket with 1012, let requests end, commit what waits, and release everything."""
        if self._listener is not None:
            self._listener.close()
        if self._metrics_listener is not None:
            self._metrics_listener.close()
        if self._metrics_runner is not None:
            await self._metrics_runner.cleanup()
        if self._runner is not None:
            # Before aiohttp stops reading: a client answers the close, and then knows the code.
            await self.app[REGISTRY].close_all()
            await self._runner.cleanup()
        self._held.close()

    def reload(self) -> None:
        """Read the certificate again; a bad one is logged, and the old one stays."""
        if self._tls is None:
            return
        try:
            load_certificate(self._tls, self._config.server.tls_cert, self._config.server.tls_key)
        except ConfigurationError as error:
            log.error("the old certificate stays: %s", error, extra={"event": "certificate_refused"})
        else:
            log.info("the certificate was read again", extra={"event": "certificate_read"})


async def serve(config: Config) -> None:
    """Run a server until SIGTERM or SIGINT, or until the terminal it was started from is closed."""
    _take_open_files()
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = Server(config)
    await server.start()
    _spare_the_collector()
    _hear_hangups(server, stopping)
    for url in server.urls:
        log.info(
            "chatd %s listens on %s",
            __version__,
            url,
            extra={"event": "listening", "url": url, "version": __version__, "data_dir": str(config.data_dir)},
        )
    systemd.notify("READY=1")
    watchdog = asyncio.create_task(_watchdog())
    await stopping.wait()
    log.info("stopping", extra={"event": "stopping"})
    systemd.notify("STOPPING=1")
    watchdog.cancel()
    await server.stop()
    log.info("stopped", extra={"event": "stopped"})


def _hear_hangups(server: Server, stopping: asyncio.Event) -> None:
    """Handle SIGHUP: a closing terminal, or a renewed certificate.

    A server that ignores the signal (``nohup``) outlives its terminal. Without a terminal, as under systemd, the signal
    never ends it.
    """
    loop = asyncio.get_running_loop()
    is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    outlives = is_ignored or not _has_terminal()

    def look() -> None:
        if not _has_terminal():
            stopping.set()

    def hear() -> None:
        server.reload()
        if not outlives:
            look()
            # A shell that ends passes the signal on first, and only then does the terminal go.
            loop.call_later(TERMINAL_PATIENCE, look)

    if server.speaks_tls:
        loop.add_signal_handler(signal.SIGHUP, hear)
    elif not is_ignored:
        loop.add_signal_handler(signal.SIGHUP, server.reload if outlives else stopping.set)


def _has_terminal() -> bool:
    """Report whether this process has a controlling terminal: https://man7.org/linux/man-pages/man4/tty.4.html"""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _ask_for_time(size: int) -> None:
    """Log that the database is being upgraded, and ask systemd to wait for it.

    :param size: of the database, in bytes.
    """
    log.info("the database is upgraded first", extra={"event": "upgrading", "bytes": size})
    systemd.notify(f"EXTEND_TIMEOUT_USEC={max(size // UPGRADE_RATE, 60) * 1_000_000}")


def _spare_the_collector() -> None:
    """Exempt the objects of the start from garbage collection, and collect the others less often.

    A connection makes no cycles that matter, so the collector finds next to nothing; with CPython's own thresholds it
    spends a third of a busy server's time on looking through the objects of all connections.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _take_open_files() -> None:
    """Raise the limit of open files to the hard limit: the usual 1024 of a shell is there for select(2)."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _watchdog() -> None:
    """Tell systemd that the event loop is alive, for as long as it is."""
    interval = systemd.watchdog_interval()
    while interval is not None:
        systemd.notify("WATCHDOG=1")
        await asyncio.sleep(interval)

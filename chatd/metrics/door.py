"""``GET /metrics``: who may read, and in which format."""

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from chatd.errors import NotAuthenticated, StorageUnavailable
from chatd.http.heads import bearer_token
from chatd.metrics.collector import ServerCollector, Sources, registry_of

#: Where the metrics are, at every listener that has them.
PATH = "/metrics"


class Metrics:
    """The metrics of one server, for those who may read them."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._collector = ServerCollector(sources)
        self._registry = registry_of(self._collector)

    def handler(self, token: str) -> Handler:
        """Return the handler of a scrape.

        :param token: what who asks has to bear; empty: nothing.
        """
        wanted = token.encode("ascii")

        async def handle(request: web.Request) -> web.StreamResponse:
            given = (bearer_token(request.headers) or "").encode()
            if wanted and not hmac.compare_digest(given, wanted):
                raise NotAuthenticated
            try:
                self._collector.log_extent = await self.sources.sync.extent()
            except StorageUnavailable:  # the rest can be told all the same, and this is when it is needed
                self._collector.log_extent = None
            body, media_type = self._page(request.headers.get("Accept", ""))
            return web.Response(body=body, headers={"Content-Type": media_type, "Cache-Control": "no-store"})

        return handle

    def _page(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and the format they are in; the library's own choice stumbles over odd headers."""
        if "application/openmetrics-text" in accept:
            page: bytes = openmetrics.generate_latest(self._registry)  # type: ignore[no-untyped-call]
            return page, openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4

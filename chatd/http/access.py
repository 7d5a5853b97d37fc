"""The log of requests."""

import logging

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from chatd.http.context import request_number


class AccessLogger(AbstractAccessLogger):
    """Logs one line per request at level debug, without the query, which may hold a token."""

    @property
    def enabled(self) -> bool:
        """Whether the level is on."""
        return self.logger.isEnabledFor(logging.DEBUG)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log a request that was answered."""
        self.logger.debug(
            "%s %s",
            request.method,
            request.path,
            extra={
                "event": "request",
                "request": request_number(request),
                "address": request.remote,
                "status": response.status,
                "ms": round(time * 1000, 1),
            },
        )

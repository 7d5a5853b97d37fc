"""The log of requests."""

import logging

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from chatd.http.context import request_number


class AccessLogger(AbstractAccessLogger):
    """A line for each request, at the level debug. The query is left out: it may hold a token."""

    @property
    def enabled(self) -> bool:
        """Whether anybody wants the lines."""
        return self.logger.isEnabledFor(logging.DEBUG)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line."""
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

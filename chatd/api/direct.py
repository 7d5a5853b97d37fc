"""Ordinary sends over REST, answered inside aiohttp's reader.

Between a request's last byte and its handler, aiohttp makes a task, resolves a route and runs the middlewares, and the
answer passes them again: a third of the time of a send. An ordinary send needs none of that: its token was seen before,
its body is plain, and the commit calls back. Every other send is left to the route, which gives the same answers.
"""

import logging
import re
from collections.abc import Callable, Mapping
from functools import partial

from aiohttp import hdrs
from aiohttp.http import RawRequestMessage

from chatd.api.bodies import MAX_BODY, USUAL_JSON
from chatd.api.endpoint import required_token
from chatd.api.refusals import refusal
from chatd.errors import NotAuthenticated
from chatd.http.answers import json_head, whole, whole_json
from chatd.http.context import next_number
from chatd.models import Posted
from chatd.places import UserPlace
from chatd.schemas.message_json import classic_message
from chatd.schemas.plain import plain_body
from chatd.services import Services
from chatd.services.limits import RateLimiter

log = logging.getLogger(__name__)

_PATH = re.compile(r"/messages/send/([1-9][0-9]{0,14})")

#: Headers that ask for more than an answer, or by which a browser says whose page sends the request.
_UNUSUAL = (hdrs.CONTENT_ENCODING, hdrs.EXPECT, hdrs.TRANSFER_ENCODING, hdrs.ORIGIN, "Sec-Fetch-Site")


class DirectSends:
    """Answers ordinary sends: a :class:`chatd.http.context.Directly`."""

    def __init__(
        self,
        services: Services,
        requests: RateLimiter,
        count: Callable[[int], None] | None,
        headers: Mapping[str, str],
    ) -> None:
        """Create the answerer.

        :param requests: limits the requests of a user, over all routes.
        :param count: called with the status of each answer.
        :param headers: added to every answer.
        """
        self._services = services
        self._requests = requests
        self._count = count
        self._headers = headers
        self._head = json_head(headers)

    def __call__(self, message: RawRequestMessage, body: bytes, answer: Callable[[bytes], None]) -> bool:
        """Answer a request, now or after the commit, or return False."""
        path = _PATH.fullmatch(message.path) if message.method == "POST" else None
        if path is None or any(name in message.headers for name in _UNUSUAL):
            return False
        if message.headers.get(hdrs.CONTENT_TYPE) not in USUAL_JSON:
            return False
        try:
            identity = self._services.sessions.known(required_token(message.headers))
        except NotAuthenticated:
            return False
        fields = None if identity is None or len(body) > MAX_BODY else plain_body(body)
        if identity is None or fields is None:
            return False
        self._send(identity.user_id, int(path[1]), fields, answer)
        return True

    def _send(
        self, sender_id: int, receiver_id: int, fields: Mapping[str, str], answer: Callable[[bytes], None]
    ) -> None:
        try:
            self._requests.take(sender_id)
            self._services.messages.post(
                sender_id, UserPlace(receiver_id), fields["content"], fields["client_id"]
            ).then(partial(self._done, answer))
        except Exception as error:
            self._done(answer, None, error)

    def _done(self, answer: Callable[[bytes], None], posted: Posted | None, error: Exception | None) -> None:
        if posted is None:
            assert error is not None
            response = refusal(error, "POST /messages/send", next_number())
            status, text = response.status, whole(response, self._headers)
        else:
            status, text = 200, whole_json(self._head, classic_message(posted.message).encode())
        if self._count is not None:
            self._count(status)
        answer(text)

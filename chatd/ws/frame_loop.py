"""The loop that receives one client's frames and enforces its limits."""

import logging

from aiohttp import WSMsgType

from chatd.delivery.dialect import Dialect
from chatd.delivery.frames import pong_frame
from chatd.errors import ChatError, RateLimited
from chatd.http.socket import Socket
from chatd.services.limits import RateLimiter

log = logging.getLogger(__name__)

#: Close codes of RFC 6455 and its registry.
UNSUPPORTED_DATA = 1003
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


class FrameLoop:
    """Receives one client's frames, and ends when the client floods."""

    __slots__ = ("_client", "_flood", "_heard", "_is_counted", "_socket", "_user_id")

    def __init__(self, client: Dialect, socket: Socket, heard: RateLimiter, flood: RateLimiter) -> None:
        self._client = client
        self._socket = socket
        self._heard = heard
        self._flood = flood
        self._user_id = client.connection.identity.user_id
        self._is_counted = False

    async def run(self) -> None:
        """Receive frames until the socket ends or the client sends something it must not."""
        connection = self._client.connection
        try:
            await self._client.start()
        except ChatError as error:
            connection.say_goodbye(TRY_AGAIN_LATER, error.detail)
            return
        self._socket.hear_at_once(self._hear_at_once)
        try:
            while True:
                message = await self._socket.next()
                if message.type is WSMsgType.BINARY:
                    connection.say_goodbye(UNSUPPORTED_DATA, "frames are text here")
                elif message.type is WSMsgType.TEXT:
                    await self._hear(message.data)
                elif message.type in (WSMsgType.PING, WSMsgType.PONG):
                    if self._is_flooding():
                        return
                    if message.type is WSMsgType.PING:
                        connection.push(pong_frame(message.data))
                else:
                    if message.type is WSMsgType.CLOSE:
                        await self._socket.answer_close(message.data)
                    return
                if connection.is_leaving:
                    return
        finally:
            self._socket.hear_no_more()

    def _hear_at_once(self, text: str) -> bool:
        """Handle a frame inside the reader, and report whether that was possible.

        A frame that has to wait instead has been counted already, and is not counted again.
        """
        if self._client.connection.is_leaving:
            return True
        try:
            self._heard.take(self._user_id)
        except RateLimited:
            return False
        try:
            self._is_counted = not self._client.hear_at_once(text)
        except Exception:
            log.exception(
                "a frame could not be heard",
                extra={"event": "frame_not_heard", "connection": self._client.connection.number},
            )
            self._client.connection.drop("a frame of it could not be heard")
        return not self._is_counted

    async def _hear(self, text: str) -> None:
        try:
            if not self._is_counted:
                self._heard.take(self._user_id)
        except RateLimited as error:
            if not self._is_flooding():
                await self._client.hear_too_much(text, error.retry_after)
            return
        self._is_counted = False
        await self._client.hear(text)

    def _is_flooding(self) -> bool:
        """Count a frame over the limit; close the connection and return True if there are too many of them."""
        try:
            self._flood.take(self._user_id)
        except RateLimited:
            self._client.connection.say_goodbye(POLICY_VIOLATION, "too many frames")
            return True
        return False

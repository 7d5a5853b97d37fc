"""The frames that the server sends in chatd.v2: events, answers to commands, and control frames."""

from json.encoder import encode_basestring as quote
from typing import Any

from chatd import events
from chatd.models import MarkedRead, Message, Posted
from chatd.schemas.codec import encode
from chatd.schemas.events import CONTROL, event
from chatd.schemas.fields import iso_time
from chatd.schemas.message_json import full_message
from chatd.schemas.problems import Problem

#: The version of the protocol, as ``hello`` gives it.
PROTOCOL = 2

# The message last encoded, and its JSON: a sender's answer follows the receivers' event at once. The pair is read and
# replaced whole, so that whoever reads it never gets the JSON of another message, on whichever thread.
_last: tuple[Message | None, str] = (None, "")


def _message_json(message: Message) -> str:
    global _last
    last = _last
    if last[0] is not message:
        last = _last = message, full_message(message)
    return last[1]


def event_frame(fact: events.Event) -> bytes:
    """Return the frame of an event.

    :raises TypeError: clients are not told of this kind of event.
    """
    if isinstance(fact, events.MessageCreated):
        return f'{{"type":"new_message","seq":{fact.seq},"data":{_message_json(fact.message)}}}'.encode()
    return encode(event(fact))


def hello_frame(
    *, epoch: str, cursor: int, heartbeat_ms: int, max_frame_bytes: int, user: Any, session_id: int
) -> bytes:
    """Return the first frame of a connection."""
    data = {
        "protocol": PROTOCOL,
        "epoch": epoch,
        "cursor": cursor,
        "heartbeat_ms": heartbeat_ms,
        "max_frame_bytes": max_frame_bytes,
        "user": user,
        "session_id": session_id,
    }
    return encode({"type": "hello", "data": CONTROL["hello"].dump(data)})


def pong_frame(cursor: int | None) -> bytes:
    """Return the answer to a ping; the cursor is None until the connection has caught up."""
    return encode({"type": "pong", "data": {"cursor": cursor}})


def restarting_frame(retry_after_ms: int) -> bytes:
    """Return the warning before a planned stop."""
    return encode({"type": "restarting", "data": {"retry_after_ms": retry_after_ms}})


def presence_list_frame(online: list[int]) -> bytes:
    """Return the frame that lists who is online."""
    return encode({"type": "presence_list", "data": {"online": online}})


def ack_frame(re: str | int, seq: int | None, data: str = "{}") -> bytes:
    """Return the answer to a command that succeeded.

    :param seq: None where nothing was logged.
    :param data: JSON, from one of the functions below.
    """
    place = "" if seq is None else f'"seq":{seq},'
    return f'{{"type":"ack","re":{quote(re) if isinstance(re, str) else re},{place}"data":{data}}}'.encode()


def sent(posted: Posted) -> str:
    """Return the ``data`` of the answer to ``send``."""
    duplicate = "true" if posted.duplicate else "false"
    return f'{{"message":{_message_json(posted.message)},"duplicate":{duplicate}}}'


def changed(posted: Posted) -> str:
    """Return the ``data`` of the answer to ``edit`` and ``delete``."""
    return f'{{"message":{_message_json(posted.message)}}}'


def moved(read: MarkedRead) -> str:
    """Return the ``data`` of the answer to ``read``."""
    return f'{{"up_to":{read.up_to}}}'


def synced(cursor: int, more: bool) -> str:
    """Return the ``data`` of the answer to ``sync``."""
    return f'{{"cursor":{cursor},"more":{"true" if more else "false"}}}'


def error_frame(re: str | int | None, problem: Problem) -> bytes:
    """Return the answer to a command that failed.

    :param re: the id of the command; None where the frame had no valid one.
    """
    error: dict[str, Any] = {"code": problem.code, "detail": problem.detail}
    if problem.retry_after is not None:
        error["retry_after_ms"] = int(problem.retry_after * 1000) + 1
    if problem.until is not None:
        error["until"] = iso_time(problem.until)
    return encode({"type": "error", "re": re, "error": error})

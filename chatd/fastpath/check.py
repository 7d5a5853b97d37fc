"""Whether the installed aiohttp has the private parts that the fast path uses.

A version number would only say what somebody once read. This looks at what is really there: each attribute, and the
parameters of each method that is overridden or called.
"""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.http import HttpRequestParser, WebSocketReader

#: Names that a class has, as methods, properties, slots or defaults.
_ATTRIBUTES: dict[type, tuple[str, ...]] = {
    web.RequestHandler: (
        "_buffer_paused",
        "_close",
        "_force_close",
        "_handler_waiter",
        "_keepalive_handle",
        "_keepalive_timeout",
        "_logging_enabled",
        "_loop",
        "_manager",
        "_messages",
        "_next_keepalive_close_time",
        "_parser",
        "_payload_parser",
        "_reading_paused",
        "_request_count",
        "_request_in_progress",
        "_task_handler",
        "_upgraded",
        "_waiter",
    ),
    web.WebSocketResponse: (
        "_heartbeat_cb",
        "_heartbeat_when",
        "_loop",
        "_parser",
        "_pong_response_cb",
        "_reader",
        "_writer",
        "_ws_protocol",
    ),
}

#: Names that only an object has, as its ``__init__`` sets them.
_SET: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (web.StreamResponse, ("_eof_sent", "_keep_alive", "_req")),
    (web.WebSocketResponse, ("_heartbeat", "_max_msg_size")),
    (StreamReader, ("_buffer", "_buffer_offset")),
)

#: The parameters of methods, after ``self``.
_METHODS: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
    (web.RequestHandler, "data_received", ("data",)),
    (web.RequestHandler, "finish_response", ("request", "resp", "start_time")),
    (web.RequestHandler, "resume_reading", ("resume_parser",)),
    (web.RequestHandler, "set_parser", ("parser", "data_received_cb")),
    (web.RequestHandler, "_process_keepalive", ()),
    (web.BaseRequest, "_finish", ()),
    (web.BaseRequest, "_prepare_hook", ("response",)),
    (web.WebSocketResponse, "_on_data_received", ()),
    (web.WebSocketResponse, "_post_start", ("request", "protocol", "writer")),
    (web.WebSocketResponse, "_reset_heartbeat", ()),
    (web.WebSocketResponse, "_send_heartbeat", ()),
    (HttpRequestParser, "message_consumed", ()),
    (WebSocketReader, "feed_data", ("data",)),
)

#: Where frames wait to be received. The module's name is private as well.
_QUEUE = "aiohttp._websocket.reader"


def missing() -> tuple[str, ...]:
    """Return what is missing or has another shape, by its name in aiohttp; nothing where the fast path can run."""
    return tuple(_find_missing())


def _find_missing() -> Iterator[str]:
    for owner, names in _ATTRIBUTES.items():
        yield from (f"{owner.__name__}.{name}" for name in names if not hasattr(owner, name))
    for owner, names in _SET:
        is_set = _names_in(owner.__init__)
        yield from (f"{owner.__name__}.{name}" for name in names if name not in is_set and not hasattr(owner, name))
    for owner, name, parameters in _METHODS:
        if not _takes(getattr(owner, name, None), parameters):
            yield f"{owner.__name__}.{name}({', '.join(parameters)})"
    try:
        queue = importlib.import_module(_QUEUE).WebSocketDataQueue
    except (ImportError, AttributeError):
        yield f"{_QUEUE}.WebSocketDataQueue"
        return
    if not hasattr(queue, "_buffer"):
        yield "WebSocketDataQueue._buffer"
    if not _takes(queue.feed_data, ("data", "size")):
        yield "WebSocketDataQueue.feed_data(data, size)"


def _names_in(function: Any) -> tuple[str, ...]:
    """Return the names that a function uses or sets; none where it is compiled."""
    code = getattr(function, "__code__", None)
    return () if code is None else code.co_names


def _takes(method: Any, parameters: tuple[str, ...]) -> bool:
    """Report whether a method takes these parameters after ``self``; optional ones may follow."""
    if method is None:
        return False
    try:
        found = list(inspect.signature(method).parameters.values())[1:]
    except ValueError:  # compiled without a signature
        return True
    names = tuple(each.name for each in found[: len(parameters)])
    rest = found[len(parameters) :]
    return names == parameters and all(
        each.default is not each.empty or each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in rest
    )

"""Whether the installed aiohttp has the private parts that the fast path uses.

A version number would only record what somebody once read. This looks at what is really there: each attribute, and the
parameters of each method that is overridden or called.
"""

import inspect
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.http import HttpRequestParser, WebSocketReader


@dataclass(frozen=True, slots=True)
class Part:
    """What the fast path uses of one class."""

    #: The class, or ``module:name`` for one whose module is private as well.
    owner: type | str
    #: Methods, properties, slots, defaults, and what ``__init__`` sets.
    attributes: Sequence[str] = ()
    #: Methods that are overridden or called, with their parameters after ``self``. Optional ones may follow.
    methods: Mapping[str, Sequence[str]] = field(default_factory=dict)


PARTS = (
    Part(
        web.RequestHandler,
        attributes=(
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
            "_paused",
            "_payload_parser",
            "_reading_paused",
            "_request_count",
            "_request_in_progress",
            "_task_handler",
            "_upgraded",
            "_waiter",
        ),
        methods={
            "data_received": ("data",),
            "finish_response": ("request", "resp", "start_time"),
            "resume_reading": ("resume_parser",),
            "set_parser": ("parser", "data_received_cb"),
            "_process_keepalive": (),
        },
    ),
    Part(web.BaseRequest, methods={"_finish": (), "_prepare_hook": ("response",)}),
    Part(web.StreamResponse, attributes=("_eof_sent", "_keep_alive", "_req")),
    Part(
        web.WebSocketResponse,
        attributes=(
            "_heartbeat",
            "_heartbeat_cb",
            "_heartbeat_when",
            "_loop",
            "_max_msg_size",
            "_parser",
            "_pong_response_cb",
            "_reader",
            "_writer",
            "_ws_protocol",
        ),
        methods={
            "_on_data_received": (),
            "_post_start": ("request", "protocol", "writer"),
            "_reset_heartbeat": (),
            "_send_heartbeat": (),
        },
    ),
    Part(StreamReader, attributes=("_buffer", "_buffer_offset")),
    Part(HttpRequestParser, methods={"message_consumed": ()}),
    Part(WebSocketReader, methods={"feed_data": ("data",)}),
    Part(  # where frames wait to be received
        "aiohttp._websocket.reader:WebSocketDataQueue",
        attributes=("_buffer",),
        methods={"feed_data": ("data", "size")},
    ),
)


def missing(parts: Sequence[Part] = PARTS) -> tuple[str, ...]:
    """Return the names of parts that are missing or have another shape; none if the fast path can run."""
    return tuple(_find_missing(parts))


def names_set_by(owner: Any) -> tuple[str, ...]:
    """Return the names that the ``__init__`` of a class uses or sets; none where it is compiled."""
    code = getattr(owner.__init__, "__code__", None)
    return () if code is None else code.co_names


def _find_missing(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part.owner, str):
            try:
                owner = pkgutil.resolve_name(part.owner)
            except (ImportError, AttributeError):
                yield part.owner
                continue
        else:
            owner = part.owner
        is_set = names_set_by(owner)
        for name in part.attributes:
            if not hasattr(owner, name) and name not in is_set:
                yield f"{owner.__name__}.{name}"
        for name, parameters in part.methods.items():
            if not _takes(getattr(owner, name, None), parameters):
                yield f"{owner.__name__}.{name}({', '.join(parameters)})"


def _takes(method: Any, parameters: Sequence[str]) -> bool:
    """Report whether a method takes these parameters after ``self``; optional ones may follow."""
    if method is None:
        return False
    try:
        found = list(inspect.signature(method).parameters.values())[1:]
    except ValueError:  # compiled without a signature
        return True
    rest = found[len(parameters) :]
    return [each.name for each in found[: len(parameters)]] == list(parameters) and all(
        each.default is not each.empty or each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in rest
    )

"""What the server answers over HTTP: JSON, or why not."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import aiohttp

from chatd.client.errors import RateLimited, Refused, Unreachable

#: What a server may say in passing: it, or a proxy before it, is not ready.
_PASSING = (502, 503, 504)

T = TypeVar("T")


async def answer_of(response: aiohttp.ClientResponse) -> Any:
    """Return the JSON of an answer, or raise what it says."""
    if response.status == 204 or (response.status == 202 and not await response.read()):
        return None
    try:
        answer = await response.json(content_type=None)
    except ValueError:
        answer = None
    if 200 <= response.status < 300 and answer is not None:
        return answer
    refusal: Mapping[str, Any] = answer if isinstance(answer, dict) and isinstance(answer.get("detail"), str) else {}
    detail = refusal.get("detail") or f"The server answered {response.status} {response.reason}."
    if 300 <= response.status < 400 and (elsewhere := response.headers.get("Location")):
        # Not followed: a password would go to wherever that is, and the rest would not find the way.
        detail = f"The server sends on to {elsewhere}: give the address it has there."
    if response.status == 429:
        raise RateLimited(detail, retry_after(response.headers.get("Retry-After")) or 1.0, status=429)
    if response.status in _PASSING:
        raise Unreachable(detail)
    said_why = {name: refusal.get(name) for name in ("errors", "until")}
    raise Refused(refusal.get("code", "http_error"), detail, status=response.status, **said_why)


def said(error: Exception) -> str:
    """Return what an error says, or at least what it is."""
    return str(error) or type(error).__name__


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for, if it says so in seconds."""
    return float(value) if value is not None and value.isascii() and value.isdigit() else None


def nothing(_: Any) -> None:
    """Make nothing of an answer."""


def each_of(of: Callable[[Mapping[str, Any]], T]) -> Callable[[Any], tuple[T, ...]]:
    """Return what makes a tuple of a list, of each item what ``of`` makes of it."""
    return lambda answer: tuple(map(of, answer))


def given(**parameters: int | str | None) -> dict[str, int | str]:
    """Return the parameters of a query that are not None."""
    return {name: value for name, value in parameters.items() if value is not None}

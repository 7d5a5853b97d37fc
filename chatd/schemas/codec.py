"""JSON as bytes."""

import json
from typing import Any


def encode(data: Any) -> bytes:
    """Return ``data`` as JSON in UTF-8."""
    return _ENCODER.encode(data).encode()


def decode(body: bytes | str) -> Any:
    """Return what a client's JSON says.

    :raises ValueError: it is not JSON in UTF-8, or nested or long beyond reason.
    """
    text = body if isinstance(body, str) else body.decode()
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

"""The ordinary ``send``, read and checked in one go: what most frames are.

The frame's JSON and its schema together take 30 µs, this takes one. A property test holds the two equal.
"""

from typing import Annotated

from msgspec import Meta, MsgspecError, Struct
from msgspec.json import Decoder

from chatd.schemas.fields import ID_LIMIT
from chatd.schemas.requests import CLIENT_ID_MAX, CONTENT_MAX


class PlainData(Struct, forbid_unknown_fields=True):
    """A private message that can be repeated and replies to nothing."""

    user: Annotated[int, Meta(gt=0, lt=ID_LIMIT)]
    content: Annotated[str, Meta(min_length=1, max_length=CONTENT_MAX)]
    client_id: Annotated[str, Meta(min_length=1, max_length=CLIENT_ID_MAX)]


class PlainSend(Struct, tag_field="type", tag="send", forbid_unknown_fields=True):
    """A ``send`` with such a message."""

    id: Annotated[int, Meta(gt=-ID_LIMIT, lt=ID_LIMIT)] | Annotated[str, Meta(min_length=1, max_length=64)]
    data: PlainData


_DECODER = Decoder(PlainSend)


def plain_send(text: str) -> PlainSend | None:
    """Return what an ordinary ``send`` says, or None for any other frame: then the schemas have to look."""
    try:
        said = _DECODER.decode(text)
    except (MsgspecError, UnicodeEncodeError):
        return None
    return None if "\0" in said.data.content or "\0" in said.data.client_id else said

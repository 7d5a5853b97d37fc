"""Frames from clients of chatd.v2, parsed as far as possible without knowing the command."""

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import Schema, ValidationError

from chatd.errors import MalformedFrame
from chatd.records import Record
from chatd.schemas.codec import BeyondReason, decode, outline
from chatd.schemas.fields import ID_LIMIT

#: The longest id of a frame, in characters.
FRAME_ID_MAX = 64

_NO_JSON = "This frame is not JSON."
_NO_OBJECT = "A frame must be a JSON object."
_NO_ID = "A command must have an id."
_NO_INTEGER = "A frame's id must be a string or an integer."
_TOO_LARGE = "An integer id must be below 2^53 and above -2^53; send a larger one as a string."
_NO_LENGTH = f"A string id must have 1 to {FRAME_ID_MAX} characters."
_NO_TEXT = "A frame's id must not contain lone surrogates."


class ClientFrame(Record):
    """A frame as it came, with nothing checked yet.

    :ivar type: the command.
    :ivar id: the frame's id; see :attr:`re`.
    :ivar data: the data of the command.
    :ivar flaw: why the data cannot be used, if it is nested too deeply or has a number of too many digits.
    """

    type: Any
    id: Any
    data: Any
    flaw: str | None

    @property
    def re(self) -> str | int:
        """The id of the frame, checked.

        :raises MalformedFrame: the id is missing or invalid.
        """
        if self.id is None:
            raise MalformedFrame(_NO_ID)
        if isinstance(self.id, str):
            return _checked(self.id)
        if type(self.id) is not int:
            raise MalformedFrame(_NO_INTEGER)
        if abs(self.id) >= ID_LIMIT:
            raise MalformedFrame(_TOO_LARGE)
        return self.id

    def load(self, schema: Schema) -> Mapping[str, Any]:
        """Load the data of the command; null counts as an empty object.

        :raises ValidationError: the data does not fit the command.
        """
        if self.flaw is not None:
            raise ValidationError(self.flaw)
        return cast(Mapping[str, Any], schema.load({} if self.data is None else self.data))


def parse(text: str) -> ClientFrame:
    """Parse a frame.

    :raises MalformedFrame: it is not a JSON object.
    """
    flaw = None
    try:
        try:
            frame = decode(text)
        except BeyondReason as error:
            frame, flaw = outline(text), str(error)
    except ValueError:
        raise MalformedFrame(_NO_JSON) from None
    if not isinstance(frame, dict):
        raise MalformedFrame(_NO_OBJECT)
    return ClientFrame(frame.get("type"), frame.get("id"), frame.get("data"), flaw)


def _checked(value: str) -> str:
    if not 1 <= len(value) <= FRAME_ID_MAX:
        raise MalformedFrame(_NO_LENGTH)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise MalformedFrame(_NO_TEXT)
    return value

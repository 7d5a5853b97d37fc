"""The commands of chatd.v2: the form of each one's data and answer, and the event it causes.

The web client's types and the tables in docs/protocol.md are generated from this table: after a change, run
``nox -s generate``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate, validates_schema

from chatd.places import Place, place_from
from chatd.schemas.fields import ID_LIMIT, BaseSchema, RequestSchema, Text, exactly_one
from chatd.schemas.messages import ChangedMessageSchema, FullMessageSchema
from chatd.schemas.requests import CLIENT_ID_MAX
from chatd.schemas.texts import Emoji, content_field

#: How many changes a page of a sync holds by default, and at most.
SYNC_DEFAULT = 200
SYNC_MAX = 500


def _number(*, required: bool = False) -> fields.Integer:
    return fields.Integer(strict=True, required=required, validate=validate.Range(1, ID_LIMIT - 1))


class PlaceCommand(RequestSchema):
    """A command that names a conversation."""

    user = _number()
    group = _number()

    @validates_schema
    def _one_place(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        exactly_one(data, "user", "group")


class SyncCommand(RequestSchema):
    """The cursor to go on from."""

    epoch = Text(max_length=64, load_default=None)
    since = fields.Integer(strict=True, load_default=None, validate=validate.Range(0, ID_LIMIT - 1))
    limit = fields.Integer(strict=True, load_default=SYNC_DEFAULT, validate=validate.Range(1, SYNC_MAX))


class SendCommand(PlaceCommand):
    """A message to send."""

    content = content_field()
    client_id = Text(min_length=1, max_length=CLIENT_ID_MAX, load_default=None)
    reply_to = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, ID_LIMIT - 1))


class MessageCommand(RequestSchema):
    """A command about a message."""

    message_id = _number(required=True)


class EditCommand(MessageCommand):
    """A message and its new content."""

    content = content_field()


class ReactCommand(MessageCommand):
    """A message and an emoji."""

    emoji = Emoji()


class UnreactCommand(MessageCommand):
    """A message and the emoji to remove from it."""

    emoji = Emoji(taken_back=True)


class ReadCommand(PlaceCommand):
    """How far a conversation has been read."""

    up_to = _number(required=True)


class TypingCommand(PlaceCommand):
    """The conversation in which the user is writing."""


class NothingSchema(BaseSchema):
    """An answer without data."""


class SyncedSchema(BaseSchema):
    """The cursor that a sync has reached, and whether there is more."""

    cursor = fields.Integer(required=True)
    more = fields.Boolean(required=True)


class SentSchema(BaseSchema):
    """The message as stored, and whether an earlier send had stored it already."""

    message = fields.Nested(FullMessageSchema, required=True)
    duplicate = fields.Boolean(required=True)


class MarkedSchema(BaseSchema):
    """The position of the read marker."""

    up_to = fields.Integer(required=True)


@dataclass(frozen=True, slots=True)
class CommandForm:
    """What a command takes, and what answers it.

    :ivar data: the form of its ``data``.
    :ivar answer: the form of the ``data`` of its ack.
    :ivar event: the type of the event it causes; None where it causes none.
    """

    data: RequestSchema
    answer: BaseSchema
    event: str | None


#: Every command, by type.
COMMANDS: Mapping[str, CommandForm] = {
    "sync": CommandForm(SyncCommand(), SyncedSchema(), None),
    "send": CommandForm(SendCommand(), SentSchema(), "new_message"),
    "edit": CommandForm(EditCommand(), ChangedMessageSchema(), "message_edited"),
    "delete": CommandForm(MessageCommand(), ChangedMessageSchema(), "message_deleted"),
    "react": CommandForm(ReactCommand(), NothingSchema(), "reaction"),
    "unreact": CommandForm(UnreactCommand(), NothingSchema(), "reaction"),
    "read": CommandForm(ReadCommand(), MarkedSchema(), "read"),
    "typing": CommandForm(TypingCommand(), NothingSchema(), "typing"),
}


def place(data: Mapping[str, Any]) -> Place:
    """Return the place that the loaded data of a command or query names."""
    return place_from(data.get("user"), data.get("group"))

"""The forms of chatd.v2: messages with everything, conversations, and what commands and queries take."""

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import ValidationError, fields, validate, validates_schema

from chatd.models import ConversationState
from chatd.places import Place, place_from
from chatd.schemas.answers import BriefSchema, MessageSchema
from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits, RequestSchema, Text, Timestamp, id_field
from chatd.schemas.message_json import full_message
from chatd.schemas.requests import CLIENT_ID_MAX
from chatd.schemas.texts import Emoji, ShownReaction, content_field

#: How many changes a page of a sync holds, if nothing else is said, and at the most.
SYNC_DEFAULT = 200
SYNC_MAX = 500

#: How long a long poll may wait, in seconds, if nothing else is said, and at the most.
POLL_DEFAULT = 25
POLL_MAX = 60


class ReactionSchema(BaseSchema):
    """One emoji below a message, and who chose it."""

    emoji = ShownReaction(required=True)
    user_ids = fields.List(fields.Integer(), required=True)


class FullMessageSchema(MessageSchema):
    """A message with everything there is to know of it."""

    client_id = fields.String(required=True, allow_none=True)
    edited_at = Timestamp(required=True, allow_none=True)
    deleted_at = Timestamp(required=True, allow_none=True)
    reply_to = fields.Integer(required=True, allow_none=True)
    reactions = fields.List(fields.Nested(ReactionSchema), required=True)

    def to_json(self, result: Any, *, many: bool = False) -> bytes:
        """Return a message as JSON, written by hand."""
        return super().to_json(result, many=True) if many else full_message(result).encode()


class GroupSchema(BaseSchema):
    """A group in few words."""

    id = id_field()
    name = fields.String(required=True)


class ConversationStateSchema(BaseSchema):
    """A conversation as its member sees it: with a user, or a group."""

    user = fields.Nested(BriefSchema)
    group = fields.Nested(GroupSchema)
    last_message = fields.Nested(FullMessageSchema, required=True, allow_none=True)
    unread_count = fields.Integer(required=True)
    read_up_to = fields.Integer(required=True)
    others_read_up_to = fields.Integer(required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Leave out ``user`` of a group, and ``group`` of a private conversation."""
        state = cast(ConversationState, obj)
        if attr == "group":
            return default if state.conversation.name is None else state.conversation
        if attr == "user":
            return default if state.user is None else state.user
        return super().get_attribute(obj, attr, default)


class ConversationPageSchema(BaseSchema):
    """Some of the caller's conversations, the newest first."""

    items = fields.List(fields.Nested(ConversationStateSchema), required=True, data_key="conversations")
    more = fields.Boolean(required=True)


class MessagePageSchema(BaseSchema):
    """Consecutive messages of a conversation, oldest first."""

    items = fields.List(fields.Nested(FullMessageSchema), required=True)
    more_before = fields.Boolean(required=True)
    more_after = fields.Boolean(required=True)


class ChangedMessageSchema(BaseSchema):
    """A message after it was changed."""

    message = fields.Nested(FullMessageSchema, required=True)


class NothingSchema(BaseSchema):
    """Nothing more to say."""


# What is asked for.


def _exactly_one(data: Mapping[str, Any], *names: str) -> None:
    if sum(data.get(name) is not None for name in names) != 1:
        raise ValidationError(f"Exactly one of {' and '.join(names)} is needed.", names[0])


def _number(*, required: bool = False) -> fields.Integer:
    return fields.Integer(strict=True, required=required, validate=validate.Range(1, ID_LIMIT - 1))


class ConversationsQuery(BaseSchema):
    """Which conversations."""

    before = Digits(at_least=1, at_most=ID_LIMIT - 1, load_default=None)
    limit = Digits(at_least=1, at_most=100, load_default=50)


class MessagesQuery(BaseSchema):
    """Which messages: of whom, and which part."""

    user = Digits(at_least=1, at_most=ID_LIMIT - 1)
    group = Digits(at_least=1, at_most=ID_LIMIT - 1)
    before = Digits(at_least=1, at_most=ID_LIMIT - 1)
    after = Digits(at_least=0, at_most=ID_LIMIT - 1)
    around = Digits(at_least=1, at_most=ID_LIMIT - 1)
    limit = Digits(at_least=1, at_most=100, load_default=50)

    @validates_schema
    def _one_of_each(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        _exactly_one(data, "user", "group")
        if sum(name in data for name in ("before", "after", "around")) > 1:
            raise ValidationError("At most one of before, after and around can be given.", "before")


class EventsQuery(BaseSchema):
    """From where on, and how long to wait."""

    epoch = Text(max_length=64, load_default=None)
    since = Digits(at_least=0, at_most=ID_LIMIT - 1, load_default=None)
    timeout = Digits(at_least=0, at_most=POLL_MAX, load_default=POLL_DEFAULT)


class EditBody(RequestSchema):
    """The new content."""

    content = content_field()


class PathReaction(BaseSchema):
    """A message and an emoji in a path."""

    id = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)
    emoji = Emoji()


class PathOldReaction(PathReaction):
    """A message and an emoji that is to be taken back."""

    emoji = Emoji(taken_back=True)


class _WithPlace(RequestSchema):
    """A command that names a conversation."""

    user = _number()
    group = _number()

    @validates_schema
    def _one_place(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        _exactly_one(data, "user", "group")


class SyncCommand(RequestSchema):
    """From where on."""

    epoch = Text(max_length=64, load_default=None)
    since = fields.Integer(strict=True, load_default=None, validate=validate.Range(0, ID_LIMIT - 1))
    limit = fields.Integer(strict=True, load_default=SYNC_DEFAULT, validate=validate.Range(1, SYNC_MAX))


class SendCommand(_WithPlace):
    """A message to send."""

    content = content_field()
    client_id = Text(min_length=1, max_length=CLIENT_ID_MAX, load_default=None)
    reply_to = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, ID_LIMIT - 1))


class MessageCommand(RequestSchema):
    """A message to do something with."""

    message_id = _number(required=True)


class EditCommand(MessageCommand):
    """A message and its new content."""

    content = content_field()


class ReactCommand(MessageCommand):
    """A message and an emoji."""

    emoji = Emoji()


class UnreactCommand(MessageCommand):
    """A message and an emoji that is to be taken back."""

    emoji = Emoji(taken_back=True)


class ReadCommand(_WithPlace):
    """How far a conversation has been read."""

    up_to = _number(required=True)


class TypingCommand(_WithPlace):
    """Where somebody is writing."""


def place(data: Mapping[str, Any]) -> Place:
    """Return the place that a command or a query names."""
    return place_from(data.get("user"), data.get("group"))

"""The forms of messages in chatd.v2: a message in full, pages, reactions, and bodies that change a message."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from chatd.places import GroupPlace
from chatd.schemas.answers import MessageSchema
from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits, RequestSchema, Timestamp, exactly_one
from chatd.schemas.message_json import full_message
from chatd.schemas.texts import Emoji, ShownReaction, content_field


class ReactionSchema(BaseSchema):
    """An emoji on a message, how many chose it, and who: of many 50, the caller among them if they did."""

    emoji = ShownReaction(required=True)
    count = fields.Integer(required=True, attribute="total")
    user_ids = fields.List(fields.Integer(), required=True)


class ReactorsSchema(BaseSchema):
    """Who has chosen an emoji, by user id."""

    user_ids = fields.List(fields.Integer(), required=True)
    more = fields.Boolean(required=True)


class ReactorsQuery(BaseSchema):
    """Which of those who have chosen an emoji."""

    after = Digits(at_least=0, at_most=ID_LIMIT - 1, load_default=0)
    limit = Digits(at_least=1, at_most=1000, load_default=100)


#: What only messages to groups have.
_OF_GROUPS = ("mentions", "mentions_all", "removed", "thread", "replies", "last_reply")


class FullMessageSchema(MessageSchema):
    """A message in the form of chatd.v2."""

    client_id = fields.String(required=True, allow_none=True)
    edited_at = Timestamp(required=True, allow_none=True)
    deleted_at = Timestamp(required=True, allow_none=True)
    reply_to = fields.Integer(required=True, allow_none=True)
    reactions = fields.List(fields.Nested(ReactionSchema), required=True)
    mentions = fields.List(
        fields.Integer(), metadata={"description": "Of a message to a group: whom it names or answers."}
    )
    mentions_all = fields.Boolean(
        metadata={"description": "Of a message to a group: whether it names everybody, with effect."}
    )
    removed = fields.Boolean(metadata={"description": "Of a message to a group: whether a moderator has removed it."})
    thread = fields.Integer(
        allow_none=True,
        metadata={"description": "Of a message to a group: the message that it goes back to, over other answers."},
    )
    replies = fields.Integer(metadata={"description": "Of a message to a group: how many go back to it."})
    last_reply = fields.Integer(
        allow_none=True, metadata={"description": "Of a message to a group: the newest of these."}
    )

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Leave out of a private message what only groups' messages have."""
        if attr in _OF_GROUPS and not isinstance(obj.to, GroupPlace):
            return default
        return super().get_attribute(obj, attr, default)

    def to_json(self, result: Any, *, many: bool = False) -> bytes:
        """Return a message as JSON, encoded by hand."""
        return super().to_json(result, many=True) if many else full_message(result).encode()


class MentionPageSchema(BaseSchema):
    """Messages that name the caller, newest first."""

    items = fields.List(fields.Nested(FullMessageSchema), required=True)
    more = fields.Boolean(required=True)


class MentionsQuery(BaseSchema):
    """Which of the messages that name the caller."""

    before = Digits(at_least=1, at_most=ID_LIMIT - 1, load_default=None)
    limit = Digits(at_least=1, at_most=100, load_default=50)


class ReadersSchema(BaseSchema):
    """Who has read a message."""

    user_ids = fields.List(fields.Integer(), required=True)


class TallySchema(BaseSchema):
    """How much is unread over all conversations; ``badge`` is what of it disturbs, by the levels."""

    badge = fields.Integer(required=True)
    unread = fields.Integer(required=True)
    mentions = fields.Integer(required=True)


class MessagePageSchema(BaseSchema):
    """Consecutive messages of a conversation, oldest first."""

    items = fields.List(fields.Nested(FullMessageSchema), required=True)
    more_before = fields.Boolean(required=True)
    more_after = fields.Boolean(required=True)


class ChangedMessageSchema(BaseSchema):
    """A message after the change."""

    message = fields.Nested(FullMessageSchema, required=True)


class MessagesQuery(BaseSchema):
    """Which messages: the conversation or the thread, and where in it."""

    user = Digits(at_least=1, at_most=ID_LIMIT - 1)
    group = Digits(at_least=1, at_most=ID_LIMIT - 1)
    thread = Digits(
        at_least=1,
        at_most=ID_LIMIT - 1,
        metadata={"description": "A message to a group: it, what it goes back to, and all that does."},
    )
    before = Digits(at_least=1, at_most=ID_LIMIT - 1)
    after = Digits(at_least=0, at_most=ID_LIMIT - 1)
    around = Digits(at_least=1, at_most=ID_LIMIT - 1)
    pinned = fields.Boolean(load_default=False, metadata={"description": "Of a group, only those that are pinned."})
    limit = Digits(at_least=1, at_most=100, load_default=50)

    @validates_schema
    def _one_of_each(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        exactly_one(data, "user", "group", "thread")
        if sum(name in data for name in ("before", "after", "around")) > 1:
            raise ValidationError("At most one of before, after and around can be given.", "before")
        if data["pinned"] and ("group" not in data or "around" in data):
            raise ValidationError("Messages are pinned in groups, and paged by before and after.", "pinned")
        if "thread" in data and "around" in data:
            raise ValidationError("A thread is paged by before and after.", "around")


class EditBody(RequestSchema):
    """The new content."""

    content = content_field()


class PathReaction(BaseSchema):
    """A message and an emoji in a path."""

    id = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)
    emoji = Emoji()


class PathOldReaction(PathReaction):
    """A message and the emoji to remove from it, in a path."""

    emoji = Emoji(taken_back=True)

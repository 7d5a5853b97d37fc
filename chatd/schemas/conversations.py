"""The forms of conversations in chatd.v2."""

from typing import Any, cast

from marshmallow import fields

from chatd.models import ConversationState
from chatd.schemas.answers import BriefSchema
from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits, id_field
from chatd.schemas.messages import FullMessageSchema


class GroupSchema(BaseSchema):
    """A group, in brief."""

    id = id_field()
    name = fields.String(required=True)


class ConversationStateSchema(BaseSchema):
    """A conversation with a user or in a group, as the caller sees it."""

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
    """A page of the caller's conversations, newest first."""

    items = fields.List(fields.Nested(ConversationStateSchema), required=True, data_key="conversations")
    more = fields.Boolean(required=True)


class ConversationsQuery(BaseSchema):
    """Which conversations."""

    before = Digits(at_least=1, at_most=ID_LIMIT - 1, load_default=None)
    limit = Digits(at_least=1, at_most=100, load_default=50)

"""The forms of conversations in chatd.v2."""

from typing import Any, cast

from marshmallow import fields

from chatd.models import ConversationState
from chatd.schemas.answers import BriefSchema
from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits
from chatd.schemas.groups import GroupSchema, MeInGroupSchema
from chatd.schemas.messages import FullMessageSchema

#: What only groups have, by the names of the attributes.
_OF_GROUPS = frozenset({"group", "stay", "activity", "mention_count"})


class ConversationStateSchema(BaseSchema):
    """A conversation with a user or in a group, as the caller sees it."""

    user = fields.Nested(BriefSchema)
    group = fields.Nested(GroupSchema)
    last_message = fields.Nested(FullMessageSchema, required=True, allow_none=True)
    unread_count = fields.Integer(required=True)
    read_up_to = fields.Integer(required=True)
    others_read_up_to = fields.Integer(required=True)
    mention_count = fields.Integer(
        metadata={"description": "Of a group: how many unread messages name one, answer one, or name everybody."}
    )
    me = fields.Nested(MeInGroupSchema, attribute="stay")
    activity = fields.Integer(
        metadata={"description": "Of a group: the newest message that one sees, or one's joining if that is later."}
    )

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Leave out ``user`` of a group, and of a private conversation what only groups have."""
        state = cast(ConversationState, obj)
        if attr == "user" or attr in _OF_GROUPS:
            is_there = (state.group is None) == (attr == "user")
            return getattr(state, attr) if is_there else default
        return super().get_attribute(obj, attr, default)


class ConversationPageSchema(BaseSchema):
    """A page of the caller's conversations, newest first."""

    items = fields.List(fields.Nested(ConversationStateSchema), required=True, data_key="conversations")
    more = fields.Boolean(required=True)


class ConversationsQuery(BaseSchema):
    """Which conversations."""

    before = Digits(at_least=1, at_most=ID_LIMIT - 1, load_default=None)
    limit = Digits(at_least=1, at_most=100, load_default=50)

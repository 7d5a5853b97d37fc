"""The forms of chatd.v2's events: what :func:`chatd.schemas.v2_frames.event` writes, field by field."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from chatd.schemas.answers import BriefSchema
from chatd.schemas.fields import BaseSchema, Timestamp, id_field
from chatd.schemas.v2 import FullMessageSchema


class DeletionSchema(BaseSchema):
    """A message that has lost its content."""

    id = id_field()
    sender_id = id_field()
    receiver_id = fields.Integer(required=True, allow_none=True)
    group_id = fields.Integer(required=True, allow_none=True)
    deleted_at = Timestamp(required=True)


class ReactionChangeSchema(BaseSchema):
    """An emoji was put below a message (``on``), or taken away."""

    message_id = id_field()
    user_id = id_field()
    emoji = fields.String(required=True)
    on = fields.Boolean(required=True)


class ReadMarkerSchema(BaseSchema):
    """A reader has read up to a message: of the user's messages to them, or of the group's."""

    reader_id = id_field()
    user_id = fields.Integer(required=True, allow_none=True)
    group_id = fields.Integer(required=True, allow_none=True)
    up_to = id_field()


class MembershipSchema(BaseSchema):
    """Somebody has a role in a group, or is in it no longer: then it is null."""

    group_id = id_field()
    user_id = id_field()
    role = fields.String(required=True, allow_none=True)


class TypingSchema(BaseSchema):
    """Somebody is writing: to the receiver of this, or in a group."""

    user_id = id_field()
    group_id = fields.Integer(required=True, allow_none=True)


class PresenceSchema(BaseSchema):
    """Somebody has come or gone."""

    user_id = id_field()
    online = fields.Boolean(required=True)
    last_seen_at = Timestamp(required=True)


class PresenceListSchema(BaseSchema):
    """Who is there, of those one has a conversation with."""

    online = fields.List(fields.Integer(), required=True)


def _type(name: str) -> fields.String:
    return fields.String(required=True, validate=validate.Equal(name))


class _LoggedSchema(BaseSchema):
    seq = id_field()


class NewMessageEventSchema(_LoggedSchema):
    """A message was stored."""

    type = _type("new_message")
    data = fields.Nested(FullMessageSchema, required=True)


class MessageEditedEventSchema(_LoggedSchema):
    """A message has another content."""

    type = _type("message_edited")
    data = fields.Nested(FullMessageSchema, required=True)


class MessageDeletedEventSchema(_LoggedSchema):
    """A message was deleted."""

    type = _type("message_deleted")
    data = fields.Nested(DeletionSchema, required=True)


class ReactionEventSchema(_LoggedSchema):
    """A reaction has come or gone."""

    type = _type("reaction")
    data = fields.Nested(ReactionChangeSchema, required=True)


class ReadEventSchema(_LoggedSchema):
    """A conversation was read."""

    type = _type("read")
    data = fields.Nested(ReadMarkerSchema, required=True)


class ProfileEventSchema(_LoggedSchema):
    """Somebody has another name or picture."""

    type = _type("profile")
    data = fields.Nested(BriefSchema, required=True)


class MembershipEventSchema(_LoggedSchema):
    """Somebody has joined a group or left it, or has another role in it."""

    type = _type("membership")
    data = fields.Nested(MembershipSchema, required=True)


#: The events that have a place in the change log, by their type.
LOGGED: Mapping[str, type[BaseSchema]] = {
    "new_message": NewMessageEventSchema,
    "message_edited": MessageEditedEventSchema,
    "message_deleted": MessageDeletedEventSchema,
    "reaction": ReactionEventSchema,
    "read": ReadEventSchema,
    "profile": ProfileEventSchema,
    "membership": MembershipEventSchema,
}

#: The data of the events that have none, by their type.
PASSING: Mapping[str, type[BaseSchema]] = {
    "typing": TypingSchema,
    "presence": PresenceSchema,
    "presence_list": PresenceListSchema,
}


class AnyEvent(fields.Field[Any]):
    """An event with a place in the log, as JSON already; its ``type`` says in which of the forms."""


class EventPageSchema(BaseSchema):
    """Changes in order, and the cursor after them."""

    events = fields.List(AnyEvent(), required=True)
    cursor = fields.Integer(required=True)
    more = fields.Boolean(required=True)

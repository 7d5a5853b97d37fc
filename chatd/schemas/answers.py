"""The forms of answers: users, sessions, and messages in the classic form."""

from typing import Any, ClassVar, get_args

from marshmallow import fields, validate

from chatd.models import Role
from chatd.places import GroupPlace, UserPlace
from chatd.schemas.fields import BaseSchema, IdOfPlace, Timestamp, id_field
from chatd.schemas.message_json import classic_message


class BriefSchema(BaseSchema):
    """A user, in brief."""

    id = id_field()
    username = fields.String(required=True)
    nickname = fields.String(required=True)
    avatar_path = fields.String(required=True, allow_none=True)
    is_ai = fields.Boolean(required=True)


class FromSchema(BaseSchema):
    """What somebody has sent or made: they are in ``from``, which is a word of Python, and come from ``sender``."""

    class Meta:
        """Options of marshmallow."""

        include: ClassVar[dict[str, fields.Field[Any]]] = {
            "from": fields.Nested(BriefSchema, required=True, attribute="sender")
        }


class UserSchema(BriefSchema):
    """A user."""

    bio = fields.String(required=True, allow_none=True)
    created_at = Timestamp(required=True)


class MeSchema(UserSchema):
    """The caller's own account."""

    role = fields.String(required=True, validate=validate.OneOf(get_args(Role)))


class TokenSchema(BaseSchema):
    """An access token."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True, dump_default="bearer")


class TicketSchema(BaseSchema):
    """A ticket that stands for a session in one handshake of the socket."""

    ticket = fields.String(required=True)
    expires_at = Timestamp(required=True)


class SessionSchema(BaseSchema):
    """One login."""

    id = id_field()
    device = fields.String(required=True)
    address = fields.String(required=True)
    created_at = Timestamp(required=True)
    last_seen_at = Timestamp(required=True)
    is_current = fields.Boolean(required=True)


class MessageSchema(BaseSchema):
    """A message in the classic form: these fields and no others."""

    id = id_field()
    sender_id = id_field()
    receiver_id = IdOfPlace(UserPlace, of="to")
    group_id = IdOfPlace(GroupPlace, of="to")
    content = fields.String(required=True)
    is_read = fields.Boolean(required=True)
    created_at = Timestamp(required=True)
    sender = fields.Nested(BriefSchema, required=True)

    def to_json(self, result: Any, *, many: bool = False) -> bytes:
        """Return a message as JSON, encoded by hand."""
        return super().to_json(result, many=True) if many else classic_message(result).encode()


class UploadSchema(BaseSchema):
    """Where an uploaded picture is."""

    url = fields.String(required=True)
    filename = fields.String(required=True)


class LastMessageSchema(BaseSchema):
    """The newest message of a conversation."""

    id = id_field()
    content = fields.String(required=True)
    created_at = Timestamp(required=True)
    is_mine = fields.Boolean(required=True)


class OverviewSchema(BaseSchema):
    """A private conversation in a list."""

    user = fields.Nested(BriefSchema, required=True)
    last_message = fields.Nested(LastMessageSchema, required=True)
    unread_count = fields.Integer(required=True, validate=validate.Range(min=0))


class OverviewsSchema(BaseSchema):
    """The caller's private conversations, the newest first."""

    conversations = fields.List(fields.Nested(OverviewSchema), required=True)


class HistorySchema(BaseSchema):
    """A page of a private conversation, oldest first."""

    items = fields.List(fields.Nested(MessageSchema), required=True)
    total = fields.Integer(required=True)
    page = fields.Integer(required=True)
    page_size = fields.Integer(required=True)
    other_user = fields.Nested(BriefSchema, required=True)


class SuccessSchema(BaseSchema):
    """The request succeeded."""

    success = fields.Boolean(required=True)
    message = fields.String(required=True)


class UnreadCountSchema(BaseSchema):
    """How many messages are unread."""

    unread_count = fields.Integer(required=True, validate=validate.Range(min=0))


class HealthSchema(BaseSchema):
    """The server can store messages; its version is for administrators, and with its process for this machine."""

    status = fields.String(required=True, validate=validate.Equal("ok"))
    address = fields.String(required=True)
    version = fields.String()
    pid = fields.Integer()


class WebClientSchema(BaseSchema):
    """What the web client needs to know before anybody signs in."""

    api = fields.String(required=True, dump_default="")
    registration = fields.String(required=True)
    password_min = fields.Integer(required=True)
    name = fields.String(required=True, metadata={"description": "What the community is called."})
    picture = fields.String(required=True, metadata={"description": "The address of its picture, or nothing."})
    help = fields.String(required=True, metadata={"description": "Whom to ask about a forgotten password."})

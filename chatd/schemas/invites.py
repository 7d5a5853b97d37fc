"""The forms of invitations."""

from marshmallow import fields, validate

from chatd.schemas.fields import BaseSchema, RequestSchema, Timestamp
from chatd.services.invites import USES_MAX

#: The longest time an invitation may be good for, if it ends at all, in seconds: a year.
EXPIRES_IN_MAX = 366 * 24 * 3600


class InviteBody(RequestSchema):
    """What an invitation is good for."""

    expires_in = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(60, EXPIRES_IN_MAX),
        metadata={"description": "In seconds; left out, it does not end."},
    )
    max_uses = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(1, USES_MAX),
        metadata={"description": "How many accounts it is good for; left out, one."},
    )


class InviteSchema(BaseSchema):
    """An invitation, whose code is not shown again."""

    code = fields.String(required=True)
    path = fields.String(
        required=True, metadata={"description": "The page of the web client that makes an account with it."}
    )
    expires_at = Timestamp(required=True, allow_none=True)

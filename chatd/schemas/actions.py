"""The forms of actions: what is done to members of groups, and what is undone."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import ValidationError, fields

from chatd.models import Deed, Span
from chatd.schemas.answers import BriefSchema
from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits, Moment, RequestSchema, Text, Timestamp, Whole, id_field
from chatd.schemas.groups import one_of
from chatd.schemas.messages import FullMessageSchema

#: The longest reason, in code points.
REASON_MAX = 300

#: The most people whom one call names.
PEOPLE_MAX = 100


class ValuesSchema(BaseSchema):
    """What an action has changed of a member or of a group, before it or after; what it left alone is left out."""

    role = fields.String()
    name = fields.String()
    description = fields.String(allow_none=True)
    avatar_path = fields.String(allow_none=True)
    public = fields.Boolean()
    history_since = Timestamp(allow_none=True)
    post = fields.String(metadata={"description": "A rule of the group, as are invite and pin."})
    invite = fields.String()
    pin = fields.String()
    slow_seconds = fields.Integer()
    approval = fields.Boolean()


class ActionSchema(BaseSchema):
    """One use of power in a group. It removes the user's messages from ``from_id`` to ``to_id``."""

    id = id_field()
    group_id = id_field()
    kind = fields.String(required=True)
    actor = fields.Nested(BriefSchema, required=True)
    user = fields.Nested(BriefSchema, required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    from_id = fields.Integer(required=True, allow_none=True)
    to_id = fields.Integer(required=True, allow_none=True)
    until = Timestamp(required=True, allow_none=True)
    before = fields.Nested(ValuesSchema, required=True, allow_none=True)
    after = fields.Nested(ValuesSchema, required=True, allow_none=True)
    created_at = Timestamp(required=True)
    undone_at = Timestamp(required=True, allow_none=True)
    undone_by = fields.Nested(BriefSchema, required=True, allow_none=True)
    ended_at = Timestamp(required=True, allow_none=True)
    undoable = fields.Boolean(required=True)


class DoneSchema(BaseSchema):
    """What was done, to each of the people named."""

    actions = fields.List(fields.Nested(ActionSchema), required=True)


class ActionPageSchema(DoneSchema):
    """Actions, the newest first."""

    more = fields.Boolean(required=True)


class RemovedPageSchema(BaseSchema):
    """Removed messages with their contents, the newest first."""

    items = fields.List(fields.Nested(FullMessageSchema), required=True)
    more = fields.Boolean(required=True)


class ActionBody(RequestSchema):
    """What to do, and to whom: ``user``, or several ``users``, or who sent the message to remove."""

    kind = one_of(*get_args(Deed), required=True)
    user = Whole(1, ID_LIMIT - 1)
    users = fields.List(Whole(1, ID_LIMIT - 1), metadata={"minItems": 1, "maxItems": PEOPLE_MAX})
    message_id = Whole(1, ID_LIMIT - 1, metadata={"description": "The one message to remove."})
    until = Moment()
    remove = one_of(*get_args(Span), metadata={"description": "Of what time their messages are removed."})
    reason = Text(max_length=REASON_MAX)


class UndoAllBody(RequestSchema):
    """Whose actions are to be undone, and since when."""

    actor = Whole(1, ID_LIMIT - 1, required=True)
    since = Moment(required=True)


class ActionsQuery(BaseSchema):
    """Which actions."""

    before = Digits(at_least=1, at_most=ID_LIMIT - 1, load_default=None)
    kind = Text(max_length=20, load_default=None)
    user = Digits(at_least=1, at_most=ID_LIMIT - 1, load_default=None)
    active = fields.Boolean(load_default=False, metadata={"description": "Only bans and silences that are in force."})
    limit = Digits(at_least=1, at_most=100, load_default=50)


class RemovedQuery(BaseSchema):
    """Which of the messages that an action has removed."""

    before = Digits(at_least=1, at_most=ID_LIMIT - 1, load_default=None)
    limit = Digits(at_least=1, at_most=100, load_default=50)


class PathAction(BaseSchema):
    """A group and the number of an action in a path."""

    id = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)
    action = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)


def require_fit(data: Mapping[str, Any]) -> None:
    """Require that the fields of an :class:`ActionBody` go with each other.

    :raises ValidationError: they do not.
    """
    kind, people = data["kind"], data.get("users")
    if people is not None and not 1 <= len(people) <= PEOPLE_MAX:
        raise ValidationError(f"There must be 1 to {PEOPLE_MAX}.", "users")
    if ("user" in data) + ("users" in data) != 1 and not ("message_id" in data and "users" not in data):
        raise ValidationError("Exactly one of user and users is needed.", "user")
    if "message_id" in data and (kind != "remove" or "remove" in data):
        raise ValidationError("It goes with the kind remove alone, and without a time.", "message_id")
    if "remove" in data and kind not in ("ban", "remove"):
        raise ValidationError("Only bans and the kind remove remove messages.", "remove")
    if kind == "remove" and "message_id" not in data and data.get("remove", "none") == "none":
        raise ValidationError("What to remove is needed: a message, or those of a time.", "remove")
    if "until" in data and kind not in ("ban", "silence"):
        raise ValidationError("Only bans and silences last until a time.", "until")
    if kind == "silence" and "until" not in data:
        raise ValidationError("A silence needs its end.", "until")

"""The forms of groups: what they are, who is in them, and the ways in."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import fields, pre_dump, validate

from chatd.models import Group, GroupRole, Level
from chatd.schemas.answers import BriefSchema, FromSchema
from chatd.schemas.fields import (
    BaseSchema,
    Text,
    Timestamp,
    id_field,
)


def one_of(*words: str, **kwargs: Any) -> Text:
    """Return a field for one of some words."""
    return Text(validate_also=[validate.OneOf(words)], **kwargs)


def role_field(**kwargs: Any) -> Text:
    """Return a field for what somebody is in a group."""
    return one_of(*get_args(GroupRole), **kwargs)


def rule_field(**kwargs: Any) -> Text:
    """Return a field for what somebody has to be at least."""
    return one_of("member", "admin", **kwargs)


class RulesSchema(BaseSchema):
    """What somebody has to be at least: to write, to let others in, and to pin messages."""

    post = rule_field(required=True, attribute="post_rule")
    invite = rule_field(required=True, attribute="invite_rule")
    pin = rule_field(required=True, attribute="pin_rule")


class PreviewSchema(BaseSchema):
    """What somebody sees of a group before they join."""

    id = id_field()
    name = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    avatar_path = fields.String(required=True, allow_none=True)
    approval = fields.Boolean(
        required=True, metadata={"description": "Whether an admin has to let in who is not invited by one."}
    )
    member_count = fields.Integer(required=True)


class GroupSchema(BaseSchema):
    """A group. Newcomers see its history from ``history_since`` on, or, where that is null, from their joining.

    In a ``large`` one nobody is told who types, who is there, who took another name, or that a plain member came or
    went.
    """

    id = id_field()
    name = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    avatar_path = fields.String(required=True, allow_none=True)
    public = fields.Boolean(required=True, attribute="is_public")
    approval = fields.Boolean(required=True)
    history = one_of("joined", "all", required=True)
    history_since = Timestamp(required=True, allow_none=True)
    rules = fields.Nested(RulesSchema, required=True)
    slow_seconds = fields.Integer(
        required=True, metadata={"description": "In what time a member sends once; 0: there is no limit."}
    )
    member_count = fields.Integer(required=True)
    large = fields.Boolean(required=True, attribute="is_large")
    created_at = Timestamp(required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return the rules from the group itself, and its history in a word."""
        if isinstance(obj, Group):
            if attr == "rules":
                return obj
            if attr == "history":
                return "joined" if obj.history_from is None else "all"
        return super().get_attribute(obj, attr, default)


class MeInGroupSchema(BaseSchema):
    """What one is in a group; messages with ids below ``visible_from`` are not there."""

    role = role_field(required=True)
    joined_at = Timestamp(required=True)
    visible_from = fields.Integer(required=True)
    notify = one_of(*get_args(Level), required=True)
    muted_until = Timestamp(required=True, allow_none=True)
    silenced_until = Timestamp(required=True, allow_none=True, metadata={"description": "It may have passed."})


class SeenGroupSchema(BaseSchema):
    """A group and what one is in it, or a preview for somebody outside it."""

    group = fields.Nested(GroupSchema)
    me = fields.Nested(MeInGroupSchema)
    preview = fields.Nested(PreviewSchema)

    @pre_dump
    def _by_membership(self, data: Any, **kwargs: Any) -> Mapping[str, Any]:
        if data.stay is None:
            return {"preview": data.group.preview}
        return {"group": data.group, "me": data.stay}


class JoinedGroupSchema(SeenGroupSchema):
    """A group and what one is in it."""

    group = fields.Nested(GroupSchema, required=True)
    me = fields.Nested(MeInGroupSchema, required=True)

    class Meta:
        """Options of marshmallow."""

        exclude = ("preview",)


class MemberSchema(BaseSchema):
    """A member of a group; to admins also by which code they came, by its number, and until when they are silenced."""

    user = fields.Nested(BriefSchema, required=True)
    role = role_field(required=True)
    joined_at = Timestamp(required=True)
    via = fields.Integer(allow_none=True)
    silenced_until = Timestamp(allow_none=True)


class MemberPageSchema(BaseSchema):
    """Members by user id."""

    members = fields.List(fields.Nested(MemberSchema), required=True)
    more = fields.Boolean(required=True)


class GroupReportSchema(BaseSchema):
    """A message that somebody in the group has reported, as they saw it; nobody is told who that was."""

    id = id_field()
    sender = fields.Nested(BriefSchema, required=True)
    message_id = id_field()
    reason = fields.String(required=True)
    content = fields.String(required=True)
    created_at = Timestamp(required=True)


class GroupInviteSchema(BaseSchema):
    """A code with which others join, by its number."""

    id = id_field()
    expires_at = Timestamp(required=True, allow_none=True)
    max_uses = fields.Integer(required=True, allow_none=True)
    uses = fields.Integer(required=True)


class NewGroupInviteSchema(GroupInviteSchema):
    """A code, which is not shown again, and the page of the web client that takes it."""

    code = fields.String(required=True)
    path = fields.String(required=True)


class ListedGroupInviteSchema(GroupInviteSchema, FromSchema):
    """A code, and whose it is."""

    created_at = Timestamp(required=True)


class WayInSchema(FromSchema):
    """Where a code leads, and whose it is."""

    preview = fields.Nested(PreviewSchema, required=True, attribute="group")


class ReceivedInvitationSchema(FromSchema):
    """An invitation to a group."""

    group = fields.Nested(PreviewSchema, required=True)
    created_at = Timestamp(required=True)


class ReceivedInvitationsSchema(BaseSchema):
    """The invitations to the caller, and the groups that they ask to join, the newest first."""

    invitations = fields.List(fields.Nested(ReceivedInvitationSchema), required=True)
    requests = fields.List(fields.Nested(PreviewSchema), required=True)


class JoinRequestSchema(BaseSchema):
    """Somebody who asks to join a group."""

    user = fields.Nested(BriefSchema, required=True)
    note = fields.String(required=True, allow_none=True)
    created_at = Timestamp(required=True)


class PendingSchema(BaseSchema):
    """An admin has to let the caller in, who is told of it then."""

    status = one_of("pending", required=True)

"""The forms of what people ask of groups: bodies, queries, and parts of paths."""

from typing import get_args

from marshmallow import fields

from chatd.models import Level
from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits, Flag, Moment, RequestSchema, Text, Whole
from chatd.schemas.groups import one_of, role_field, rule_field
from chatd.schemas.requests import CLIENT_ID_MAX
from chatd.schemas.texts import avatar_field, content_field, name_field

#: The longest name and description of a group, in code points.
NAME_MAX = 80
DESCRIPTION_MAX = 1000

#: How long a code lets people in, in seconds: by default, and at least and at most where it ends at all.
CODE_LASTS = 7 * 24 * 3600
CODE_LASTS_MIN = 60
CODE_LASTS_MAX = 366 * 24 * 3600

#: The most people one code lets in, where they are counted.
USES_MAX = 1000


#: The longest time in which a member of a slow group sends once, in seconds.
SLOW_MAX = 6 * 3600


class RulesBody(RequestSchema):
    """Rules; what is left out stays as it is."""

    post = rule_field()
    invite = rule_field()
    pin = rule_field()


class _GroupBody(RequestSchema):
    description = Text(max_length=DESCRIPTION_MAX)
    avatar_path = avatar_field()
    public = Flag()
    approval = Flag()
    history = one_of("joined", "all")
    rules = fields.Nested(RulesBody)
    slow_seconds = Whole(0, SLOW_MAX)


class NewGroupBody(_GroupBody):
    """A new group."""

    name = name_field(NAME_MAX, required=True)
    client_id = Text(min_length=1, max_length=CLIENT_ID_MAX)


class GroupBody(_GroupBody):
    """Changes to a group; what is left out stays as it is."""

    meaning_null = frozenset({"description", "avatar_path"})  # null removes them

    name = name_field(NAME_MAX)


class DeleteGroupBody(RequestSchema):
    """What the group is called."""

    name = Text(required=True)


class GroupMessageBody(RequestSchema):
    """A message to a group."""

    content = content_field()
    client_id = Text(min_length=1, max_length=CLIENT_ID_MAX, load_default=None)
    reply_to = Whole(1, ID_LIMIT - 1, load_default=None)


class ReadBody(RequestSchema):
    """How far a group has been read."""

    up_to = Whole(1, ID_LIMIT - 1, required=True)


class MembersQuery(BaseSchema):
    """Which members."""

    q = Text(max_length=100, metadata={"description": "Part of a username or nickname."})
    role = role_field()
    via = Digits(at_least=1, at_most=ID_LIMIT - 1)
    after = Digits(at_least=0, at_most=ID_LIMIT - 1, load_default=0)
    limit = Digits(at_least=1, at_most=100, load_default=50)


class LevelBody(RequestSchema):
    """What is to disturb the caller in a group; what is left out stays as it is."""

    meaning_null = frozenset({"muted_until"})  # null ends it

    notify = one_of(*get_args(Level))
    muted_until = Moment()


class PublicGroupsQuery(BaseSchema):
    """Which public groups."""

    q = Text(max_length=100, metadata={"description": "Part of a name."})
    skip = Digits(at_least=0, at_most=ID_LIMIT - 1, load_default=0)
    limit = Digits(at_least=1, at_most=100, load_default=20)


#: The longest note of somebody who asks to join, in code points.
NOTE_MAX = 300


class JoinBody(RequestSchema):
    """What the admins are to read, where they have to let one in."""

    note = Text(max_length=NOTE_MAX)


class DecisionBody(RequestSchema):
    """Whether somebody who asks is let in."""

    accept = Flag(required=True)


class RoleBody(RequestSchema):
    """What a member is to be."""

    role = role_field(required=True)


class InvitedBody(RequestSchema):
    """Whom to invite."""

    user = Whole(1, ID_LIMIT - 1, required=True)


class GroupInviteBody(RequestSchema):
    """What a code is good for; null: for ever, and for any number."""

    meaning_null = frozenset({"expires_in", "max_uses"})

    expires_in = Whole(
        CODE_LASTS_MIN, CODE_LASTS_MAX, metadata={"description": "In seconds; left out, it lasts a week."}
    )
    max_uses = Whole(1, USES_MAX)


class PathMember(BaseSchema):
    """A group and a user in a path."""

    id = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)
    user = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)


class PathGroupInvite(BaseSchema):
    """A group and the number of a code in a path."""

    id = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)
    invite = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)


class PathGroupReport(BaseSchema):
    """A group and the number of a report in a path."""

    id = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)
    report = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)


class PathCode(BaseSchema):
    """A code in a path."""

    code = Text(required=True, max_length=100)

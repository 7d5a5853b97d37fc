"""The forms of what administrators choose for the whole community."""

from marshmallow import fields

from chatd.schemas.fields import BaseSchema, RequestSchema
from chatd.schemas.groups import one_of
from chatd.schemas.texts import NAME_MAX, name_field


def registration_field(**kwargs: object) -> fields.String:
    """Return a field that says who may register."""
    return one_of("open", "invite", "closed", **kwargs)


class CommunityBody(RequestSchema):
    """What is chosen; what is left out stays as it is, and null takes a choice back."""

    meaning_null = frozenset({"name", "registration"})

    name = name_field(NAME_MAX)
    registration = registration_field()


class FixedSchema(BaseSchema):
    """Where the server's configuration says what holds: a file, or a variable. What is not here can be chosen."""

    name = fields.String()
    registration = fields.String()
    picture = fields.String()


class CommunitySchema(BaseSchema):
    """What the community is called, who may register, and what an administrator may choose of it."""

    name = fields.String(required=True)
    registration = registration_field(required=True)
    picture = fields.String(
        required=True,
        attribute="picture_path",
        metadata={"description": "The address of its picture, or nothing."},
    )
    fixed = fields.Nested(FixedSchema, required=True)
    chosen = fields.List(
        fields.String(), required=True, metadata={"description": "The settings that were chosen in the browser."}
    )

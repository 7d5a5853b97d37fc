"""The forms of requests: bodies, queries, and parts of paths."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validates_schema

from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits, RequestSchema, Text
from chatd.schemas.texts import (
    NewPassword,
    avatar_field,
    content_field,
    name_field,
    refuse_username_as_password,
    username_field,
)
from chatd.services.names import WRITTEN_MAX

#: The longest text of a profile, and the longest ``client_id``, in code points.
PROFILE_MAX = 500
CLIENT_ID_MAX = 64


def _password(**kwargs: Any) -> Text:
    return Text(required=True, metadata={"format": "password"}, **kwargs)


class _WithNewPassword(RequestSchema):
    """A body with a new password, whose least length is a setting."""

    new_password_field = ""

    def __init__(self, *, password_min: int = 8) -> None:
        super().__init__()
        field = self.fields[self.new_password_field]  # a copy, but it shares the list and the mapping of the class
        field.validators = [NewPassword(password_min), *field.validators]
        field.metadata = {**field.metadata, "minLength": password_min}


class RegisterBody(_WithNewPassword):
    """A new account."""

    new_password_field = "password"  # noqa: S105 (the name of a field)

    username = username_field()
    password = _password()
    nickname = name_field(required=True)
    invite = Text(max_length=100, load_default=None)

    @validates_schema
    def _password_is_no_username(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if "password" in data and "username" in data:
            refuse_username_as_password(data["password"], data["username"], "password")


class ChangePasswordBody(_WithNewPassword):
    """The old password and the new one."""

    new_password_field = "new_password"  # noqa: S105 (the name of a field)

    old_password = _password()
    new_password = _password()


class LoginForm(RequestSchema):
    """The part of OAuth2's password form that is used here."""

    username = Text(required=True)
    password = _password()


class ProfileBody(RequestSchema):
    """A user's changes to their profile; what is left out stays as it is."""

    meaning_null = frozenset({"avatar_path", "bio"})  # null removes them

    nickname = name_field(is_checked=False)
    avatar_path = avatar_field(is_checked=False)
    bio = Text(max_length=PROFILE_MAX, allow_none=True)


class SendBody(RequestSchema):
    """A message to send."""

    content = content_field()
    client_id = Text(min_length=1, max_length=CLIENT_ID_MAX, load_default=None)


class UserSearchQuery(BaseSchema):
    """Which users to list."""

    q = Text(max_length=100, metadata={"description": "Part of a username or nickname."})
    username = Text(
        max_length=WRITTEN_MAX,
        metadata={"description": "A whole username, as one signs in with it: one user is found at the most."},
    )
    is_ai = fields.Boolean()
    skip = Digits(at_least=0, at_most=ID_LIMIT - 1, load_default=0)
    limit = Digits(at_least=1, at_most=100, load_default=20)


class PageQuery(BaseSchema):
    """Which page of a history."""

    page = Digits(at_least=1, at_most=ID_LIMIT - 1, load_default=1)
    page_size = Digits(at_least=1, at_most=100, load_default=50)


class PathId(BaseSchema):
    """The one id in a path."""

    id = Digits(at_least=1, at_most=ID_LIMIT - 1, required=True)

    def load(self, data: Any, **kwargs: Any) -> Any:
        """Load the id; an ordinary one without the 20 µs that marshmallow takes."""
        value = data["id"]
        if not kwargs and len(data) == 1 and len(value) < 16 and value.isascii() and value.isdigit() and int(value):
            return {"id": int(value)}
        return super().load(data, **kwargs)


class PathFilename(BaseSchema):
    """The one filename in a path."""

    filename = Text(required=True)

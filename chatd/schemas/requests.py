"""What clients send: bodies, queries, and what is in a path."""

import unicodedata
from typing import Any

from marshmallow import ValidationError, fields, validate

from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits, RequestSchema, Text
from chatd.services.names import folded
from chatd.services.scripts import is_of_one_language

#: The longest names, messages and so on, in code points.
USERNAME_MIN = 3
NAME_MAX = 50
CONTENT_MAX = 2000
CLIENT_ID_MAX = 64
PROFILE_MAX = 500

#: The longest password, in bytes.
PASSWORD_MAX_BYTES = 1024


def _check_username(value: str) -> None:
    for character in value:
        category = unicodedata.category(character)
        if character not in "_.-" and category[0] not in "LM" and category != "Nd":
            raise ValidationError("May have letters, marks and digits of any script, and _ . - only.")
    if len(value) <= NAME_MAX and not is_of_one_language(folded(value)):  # folding a long one could take long
        raise ValidationError(
            "Must not mix letters or digits of different scripts, such as Latin and Cyrillic: some look the same."
        )


def _check_password_bytes(value: str) -> None:
    if len(value.encode()) > PASSWORD_MAX_BYTES:
        raise ValidationError(f"Longer than maximum size {PASSWORD_MAX_BYTES} bytes.")


def _check_avatar(value: str) -> None:
    if not value.startswith(("/", "https://")) or value.startswith(("//", "/\\")):  # which browsers take for a host
        raise ValidationError("Must begin with https:// or a single /.")


def _password(**kwargs: Any) -> Text:
    return Text(required=True, metadata={"format": "password"}, **kwargs)


class _WithNewPassword(RequestSchema):
    """A body in which one field is a new password; how short it may be is a setting."""

    new_password_field = ""

    def __init__(self, *, password_min: int = 8) -> None:
        super().__init__()
        field = self.fields[self.new_password_field]
        field.validators = [validate.Length(min=password_min), *field.validators]  # the list itself is the class's


class RegisterBody(_WithNewPassword):
    """A new account."""

    new_password_field = "password"  # noqa: S105 (the name of a field)

    username = Text(
        required=True,
        min_length=USERNAME_MIN,
        max_length=NAME_MAX,
        validate_also=[_check_username],
        pattern=r"^[\p{L}\p{M}\p{Nd}_.\-]*$",
        metadata={"description": "Its letters and digits are of one script, or of several that one language mixes."},
    )
    password = _password(validate_also=[_check_password_bytes])
    nickname = Text(required=True, min_length=1, max_length=NAME_MAX)
    invite = Text(max_length=100, load_default=None)


class ChangePasswordBody(_WithNewPassword):
    """The old password and the new one."""

    new_password_field = "new_password"  # noqa: S105 (the name of a field)

    old_password = _password()
    new_password = _password(validate_also=[_check_password_bytes])


class LoginForm(RequestSchema):
    """OAuth2's password form, as far as it matters here."""

    username = Text(required=True)
    password = _password()


class ProfileBody(RequestSchema):
    """What a user says of themselves; what is left out stays."""

    meaning_null = frozenset({"avatar_path", "bio"})  # none any more

    nickname = Text(min_length=1, max_length=NAME_MAX)
    avatar_path = Text(
        max_length=PROFILE_MAX,
        allow_none=True,
        validate_also=[_check_avatar],
        pattern=r"^(/($|[^/\\\x00])|https://)[^\x00]*$",
    )
    bio = Text(max_length=PROFILE_MAX, allow_none=True)


class SendBody(RequestSchema):
    """A message to send."""

    content = Text(required=True, min_length=1, max_length=CONTENT_MAX)
    client_id = Text(min_length=1, max_length=CLIENT_ID_MAX, load_default=None)


class UserSearchQuery(BaseSchema):
    """Which users to list."""

    q = Text(max_length=100)
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
        """Return the id as a field of a mapping; an ordinary one is not worth the 20 µs that marshmallow takes."""
        value = data["id"]
        if not kwargs and len(data) == 1 and len(value) < 16 and value.isascii() and value.isdigit() and int(value):
            return {"id": int(value)}
        return super().load(data, **kwargs)


class PathFilename(BaseSchema):
    """The one filename in a path."""

    filename = Text(required=True)

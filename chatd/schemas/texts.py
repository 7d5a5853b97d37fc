"""The rules for names, messages, reactions, pictures' addresses and passwords.

The characters these may have are in :mod:`chatd.services.characters`.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from chatd.models import User
from chatd.schemas.fields import Text
from chatd.services.characters import (
    has_enclosing_mark,
    has_hidden,
    has_letter_or_digit,
    hides_something,
    is_visible,
    without_joiners,
)
from chatd.services.names import USERNAME_MAX, USERNAME_MIN, USERNAME_MIN_ELSEWHERE, folded, username_min
from chatd.services.passwords import prepared
from chatd.services.reactions import is_reaction, reaction_key, shown_reaction
from chatd.services.scripts import is_of_one_language
from chatd.services.usual_passwords import is_like_username, is_usual

#: The longest nickname, message and address of a picture, in code points.
NAME_MAX = 50
CONTENT_MAX = 2000
AVATAR_MAX = 500

#: The longest emoji, in code points: families and flags are sequences of many.
EMOJI_MAX = 16

#: The longest username before folding, in code points: composing joins at most four of them (UAX #15, section 9).
USERNAME_WRITTEN_MAX = USERNAME_MAX * 4

#: The longest password, in bytes of UTF-8.
PASSWORD_MAX_BYTES = 1024

#: The invisible parts of emoji: the joiner, and the tags of flags such as Scotland's.
_EMOJI_PARTS = frozenset(map(chr, (0x200D, *range(0xE0020, 0xE0080))))

_LABEL = r"(?![Xx][Nn]--)[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PORT = r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"

# To browsers a name that ends in a number is an address, perhaps not the one it seems to be (1.2 is 1.0.0.2); and only
# they know whether a name with xn-- is valid. https://url.spec.whatwg.org/#host-parsing
_HOST = rf"(?:(?:{_LABEL}\.)*(?=[A-Za-z]){_LABEL}|{_OCTET}(?:\.{_OCTET}){{3}})"

#: The address of a picture, here and in OpenAPI: a path on this server, or a host elsewhere, in which browsers find the
#: same host as we do. In what is refused they might find another: they take a backslash for a slash, and skip tabs,
#: line breaks, and spaces at the ends.
AVATAR_PATTERN = rf"^(?:/(?!/)|https://{_HOST}(?::{_PORT})?(?=[/?#]|$))[!-\[\]-~]*$"

_AVATAR = re.compile(AVATAR_PATTERN)

_NAME_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]*[\p{L}\p{N}][^\x00-\x1f\x7f-\x9f]*$"

_USERNAME_PATTERN = r"^[\p{L}\p{Nd}][\p{L}\p{M}\p{Nd}_.\-\u180b-\u180f\u200b-\u200d]*$"


def username_field() -> Text:
    """Return a field for a new username."""
    return Text(
        required=True,
        validate_also=[_check_username],
        pattern=_USERNAME_PATTERN,
        metadata={
            "minLength": USERNAME_MIN_ELSEWHERE,
            "maxLength": USERNAME_WRITTEN_MAX,
            "description": (
                f"After folding it has {USERNAME_MIN} to {USERNAME_MAX} characters, or {USERNAME_MIN_ELSEWHERE} where "
                "none is Latin, Greek or Cyrillic. Its letters and digits are of one script, or of several that one "
                "language mixes. Joiners are fine where people write them, and tell no two names apart."
            ),
        },
    )


def name_field(max_length: int = NAME_MAX, *, is_checked: bool = True, **kwargs: Any) -> Text:
    """Return a field for what people read as a name, such as a nickname.

    :param is_checked: False where :func:`refuse_new_texts` checks the name instead, since an old one may stay.
    """
    checks = [check_name] if is_checked else []
    return Text(min_length=1, max_length=max_length, validate_also=checks, pattern=_NAME_PATTERN, **kwargs)


def content_field() -> Text:
    """Return a field for a message's content."""
    return Text(required=True, min_length=1, max_length=CONTENT_MAX, validate_also=[_check_content])


def avatar_field(*, is_checked: bool = True) -> Text:
    """Return a field for the address of a picture.

    :param is_checked: False where :func:`refuse_new_texts` checks it instead, since an old one may stay.
    """
    checks = [check_avatar] if is_checked else []
    return Text(max_length=AVATAR_MAX, allow_none=True, validate_also=checks, pattern=AVATAR_PATTERN)


class Emoji(Text):
    """A reaction, loaded as its key.

    A reaction older than today's rules can still be removed.
    """

    def __init__(self, *, taken_back: bool = False) -> None:
        """Create the field.

        :param taken_back: whether the reaction is to be removed, so that old ones are valid too.
        """
        check = _check_old_reaction if taken_back else _check_reaction
        super().__init__(required=True, min_length=1, max_length=EMOJI_MAX, validate_also=[check])

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """Return the key of a valid reaction."""
        return reaction_key(super().deserialize(value, attr, data, **kwargs))


class ShownReaction(fields.String):
    """A reaction as people see it, which is dumped from its key."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return shown_reaction(value)


class NewPassword:
    """Checks a new password."""

    def __init__(self, password_min: int) -> None:
        """Create the check.

        :param password_min: the least length, in code points.
        """
        self.password_min = password_min

    def __call__(self, value: str) -> None:
        """Refuse a password that is too short, too long or too common.

        :raises ValidationError: with a sentence for people.
        """
        password = prepared(value)
        if len(password) < self.password_min:
            raise ValidationError(f"Shorter than minimum length {self.password_min}.")
        if len(password.encode()) > PASSWORD_MAX_BYTES:
            raise ValidationError(f"Longer than maximum size {PASSWORD_MAX_BYTES} bytes.")
        if hides_something(password):
            raise ValidationError("Must not contain control or invisible characters.")
        if is_usual(password):
            raise ValidationError("This password is too common: choose another.")


def refuse_username_as_password(password: str, username: str, field: str) -> None:
    """Refuse a new password that is the username.

    :param field: the name of the field that the password is in.
    :raises ValidationError: the password is the username in any case, or the username backwards.
    """
    if is_like_username(password, username):
        raise ValidationError({field: ["Must not be the username."]})


def refuse_new_texts(said: Mapping[str, Any], before: User) -> None:
    """Refuse new texts of a profile that break a rule; an unchanged text may be older than the rule, and stays.

    :raises ValidationError: with what is wrong with each field.
    """
    errors = {}
    for field, check in (("nickname", check_name), ("avatar_path", check_avatar)):
        if said.get(field) not in (None, getattr(before, field)):
            try:
                check(said[field])
            except ValidationError as error:
                errors[field] = error.messages
    if errors:
        raise ValidationError(errors)


def _check_username(value: str) -> None:
    if not value or len(value) > USERNAME_WRITTEN_MAX:  # before folding, which is slow for long texts
        raise ValidationError(_LENGTHS)
    drawn = without_joiners(value)
    if has_hidden(drawn) or not all(_may_be_in_username(character) for character in drawn):
        raise ValidationError("May have letters, marks and digits of any script, and _ . - only.")
    if value[0] in "_.-" or unicodedata.category(value[0])[0] == "M":
        raise ValidationError("Must begin with a letter or a digit.")
    name = folded(value)
    if not username_min(name) <= len(name) <= USERNAME_MAX:
        raise ValidationError(_LENGTHS)
    if not is_of_one_language(name):
        raise ValidationError(
            "Must not mix letters or digits of different scripts, such as Latin and Cyrillic: some look the same."
        )


_LENGTHS = (
    f"Must have {USERNAME_MIN} to {USERNAME_MAX} characters ({USERNAME_MIN_ELSEWHERE} are enough where none is Latin, "
    "Greek or Cyrillic)."
)


def _may_be_in_username(character: str) -> bool:
    category = unicodedata.category(character)
    return character in "_.-" or category == "Nd" or (category[0] in "LM" and category != "Me")


def check_name(value: str) -> None:
    """Refuse a text that is not a name or hides something.

    :raises ValidationError: with a sentence for people.
    """
    if hides_something(value) or has_enclosing_mark(value):
        raise ValidationError(
            "Must not contain control or invisible characters, enclosing marks, or any that turn the direction of text."
        )
    if not has_letter_or_digit(value):
        raise ValidationError("Must contain at least one letter or digit.")


def _check_content(value: str) -> None:
    if not is_visible(value):
        raise ValidationError("Must contain something visible.")


def _check_reaction(value: str) -> None:
    if not is_reaction(value):
        raise ValidationError("Must be an emoji.")


def _check_old_reaction(value: str) -> None:
    for character in value:
        is_invisible = unicodedata.category(character) in ("Cc", "Cf") and character not in _EMOJI_PARTS
        if character.isspace() or is_invisible:
            raise ValidationError("Must be an emoji.")


def check_avatar(value: str) -> None:
    """Refuse an address in which browsers may find another host than we do.

    :raises ValidationError: with a sentence for people.
    """
    if _AVATAR.fullmatch(value) is None:
        raise ValidationError(
            "Must begin with a single /, or with https:// and a host, and contain only visible ASCII and no backslash."
        )

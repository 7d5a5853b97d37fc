"""Base schemas and fields that many forms share."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from chatd.places import Place
from chatd.schemas.codec import encode

#: Every integer below this is exact as a JavaScript number.
ID_LIMIT = 2**53


class BaseSchema(Schema):
    """A schema that ignores unknown fields: old clients send some."""

    class Meta:
        """Options of marshmallow."""

        unknown = EXCLUDE

    def to_json(self, result: Any, *, many: bool = False) -> bytes:
        """Dump ``result`` as JSON in UTF-8."""
        return encode(self.dump(result, many=many))


class RequestSchema(BaseSchema):
    """A JSON body or the data of a command: null for an optional field means that it is left out."""

    #: The fields for which null means something.
    meaning_null: ClassVar[frozenset[str]] = frozenset()

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Allow null for an optional field, so that OpenAPI says so."""
        if not field_obj.required:
            field_obj.allow_none = True

    def load(self, data: Any, **kwargs: Any) -> Any:
        """Load ``data``, leaving out optional fields that are null."""
        if isinstance(data, dict) and None in data.values():
            data = {name: value for name, value in data.items() if value is not None or not self._may_go(name)}
        return super().load(data, **kwargs)

    def _may_go(self, name: str) -> bool:
        field = self.fields.get(name)
        return field is not None and not field.required and name not in self.meaning_null


class Text(fields.String):
    """A string, exactly as sent. NUL and lone surrogates, which can be neither stored nor sent on, are refused."""

    def __init__(
        self,
        *,
        min_length: int = 0,
        max_length: int | None = None,
        validate_also: Sequence[Any] = (),
        pattern: str = r"^[^\x00]*$",
        metadata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Create the field.

        :param min_length: the fewest code points.
        :param max_length: the most code points.
        :param validate_also: further validators.
        :param pattern: a regular expression for OpenAPI of what all validators together allow.
        """
        lengths = [validate.Length(min=min_length or None, max=max_length)] if min_length or max_length else []
        super().__init__(
            validate=[*lengths, *validate_also], metadata={"pattern": pattern, **(metadata or {})}, **kwargs
        )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ValidationError("Must not contain NUL or lone surrogates.")
        return value


class Flag(fields.Boolean):
    """True or false, and nothing that is only like them."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Whole(fields.Integer):
    """A whole number in a JSON body, which ``1.0`` is as well, and in range."""

    def __init__(self, at_least: int, at_most: int, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(at_least, at_most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return value


class Digits(fields.Integer):
    """A number in a path or a query: ASCII digits, in range."""

    def __init__(self, *, at_least: int, at_most: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(at_least, at_most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}", value):
            return int(value)
        raise self.make_error("invalid")


class IdOfPlace(fields.Integer):
    """The id of a place of one kind; null if the place is of the other."""

    def __init__(self, kind: type[Place], *, of: str) -> None:
        """Create the field.

        :param of: the attribute that is the place.
        """
        super().__init__(required=True, allow_none=True)
        self._kind = kind
        self._of = of  # marshmallow's own ``attribute`` cannot serve two fields

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = None) -> Any:
        """Return the id."""
        place = getattr(obj, self._of)
        return place.id if isinstance(place, self._kind) else None


class Timestamp(fields.String):
    """UTC milliseconds since 1970 as ISO 8601 with milliseconds and ``Z``."""

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(metadata={"format": "date-time", **(metadata or {})}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else iso_time(value)


class Moment(fields.String):
    """A time as RFC 3339 writes it, loaded as UTC milliseconds since 1970; before and after all times it is the nearest
    there is.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"format": "date-time", "minLength": 20}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        match = _MOMENT.fullmatch(value.upper()) if isinstance(value, str) else None
        if match is None:
            raise self.make_error("invalid")
        try:
            seconds = 59 if match[2] == "60" else int(match[2])
            zone = "+00:00" if match[4] == "Z" else match[4]
            told = dt.datetime.fromisoformat(f"{match[1]}:{seconds:02}{zone}")
        except ValueError as error:
            raise self.make_error("invalid") from error
        milliseconds = (told - _BEGINNING) // dt.timedelta(milliseconds=1) + int(f"{match[3] or '.'}000"[1:4])
        return min(max(milliseconds, 0), _END)


#: RFC 3339, section 5.6, in upper case: up to the minute, the second, its fraction, and the offset.
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}):([0-9]{2})(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)

#: The first and the last time there are, the last in milliseconds after the first.
_BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_END = 253_402_300_799_999


@lru_cache(maxsize=4096)  # most times written are of this moment
def iso_time(milliseconds: int) -> str:
    """Return a time, in UTC milliseconds since 1970, as ISO 8601."""
    return f"{_iso_seconds(milliseconds // 1000)}.{milliseconds % 1000:03}Z"


@lru_cache(maxsize=4096)
def _iso_seconds(seconds: int) -> str:
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}"


def id_field() -> fields.Integer:
    """Return a field for an id in an answer."""
    return fields.Integer(required=True, validate=validate.Range(1, ID_LIMIT - 1))


def exactly_one(data: Mapping[str, Any], *names: str) -> None:
    """Require that exactly one of the named fields is given.

    :raises ValidationError: none or several are given.
    """
    if sum(data.get(name) is not None for name in names) != 1:
        raise ValidationError(f"Exactly one of {', '.join(names[:-1])} and {names[-1]} is needed.", names[0])

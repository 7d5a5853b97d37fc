"""Errors as clients see them: described once, and rendered by REST and the socket in a form of their own."""

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import ValidationError, fields

from chatd.errors import ChatError, Failed, Invalid, RateLimited, Silenced
from chatd.records import Record
from chatd.schemas.fields import BaseSchema, Timestamp, iso_time

#: Where OpenAPI lists the codes. A newer server may have more, so any string is valid.
_CODE = "#/components/schemas/ErrorCode"
_CODES = "One of the listed codes, or a new one."


class ErrorSchema(BaseSchema):
    """What went wrong: a sentence for people, and a code that does not change."""

    detail = fields.String(required=True)
    code = fields.String(
        required=True, metadata={"description": _CODES, "anyOf": [{"$ref": _CODE}, {"type": "string"}]}
    )
    errors = fields.Dict(keys=fields.String(), metadata={"description": "What is wrong with each field (422)."})
    until = Timestamp()


class Problem(Record):
    """What went wrong.

    :ivar code: a name that does not change.
    :ivar detail: a sentence for people.
    :ivar errors: what is wrong with each field; None if the error is not about fields.
    :ivar retry_after: the seconds to wait before trying again; None if waiting does not help.
    :ivar until: when what is in the way ends by itself; None if it does not say.
    """

    code: str
    detail: str
    errors: Mapping[str, Any] | None = None
    retry_after: float | None = None
    until: int | None = None


def problem(error: Exception) -> Problem:
    """Return what clients are told of an error; of an unexpected one, only that it happened."""
    if isinstance(error, ValidationError):
        return Problem(Invalid.code, _first(error), _by_field(error))
    if isinstance(error, ChatError):
        return Problem(
            error.code,
            error.detail,
            errors=error.errors if isinstance(error, Invalid) else None,
            retry_after=error.retry_after if isinstance(error, RateLimited) else None,
            until=error.until if isinstance(error, Silenced) else None,
        )
    return Problem(Failed.code, Failed.sentence())


def error(code: str, detail: str, errors: Mapping[str, Any] | None = None, until: int | None = None) -> dict[str, Any]:
    """Return the body of an error over REST.

    :param errors: what is wrong with each field.
    :param until: when what is in the way ends by itself.
    """
    answer: dict[str, Any] = {"detail": detail, "code": code}
    if errors is not None:
        answer["errors"] = errors
    if until is not None:
        answer["until"] = iso_time(until)
    return answer


def _by_field(error: ValidationError) -> dict[str, Any]:
    return cast(dict[str, Any], error.normalized_messages())  # type: ignore[no-untyped-call]


def _first(error: ValidationError) -> str:
    """Return a sentence about the first field that is wrong."""
    name, problems = next(iter(_by_field(error).items()))
    while isinstance(problems, Mapping):
        problems = next(iter(problems.values()))
    problem = problems[0] if isinstance(problems, list) else problems
    return str(problem) if name == "_schema" else f"{name}: {problem}"

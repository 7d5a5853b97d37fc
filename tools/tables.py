"""Tables of the documents, generated from the forms in :mod:`chatd.schemas`."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from chatd.schemas.commands import COMMANDS, CommandForm, PlaceCommand
from chatd.schemas.events import CONTROL, EVENTS
from chatd.schemas.fields import Timestamp
from tools.typescript import NAMED

_SIMPLE: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (Timestamp, "time"),
    (fields.Boolean, "true or false"),
    (fields.Integer, "integer"),
    (fields.String, "text"),
)


def commands() -> str:
    """Return the table of commands."""
    lines = ["| command | data | `data` of the answer | event |", "|---|---|---|---|"]
    for kind, form in COMMANDS.items():
        event = "–" if form.event is None else f"`{form.event}`"
        answer = ", ".join(f"`{name}`" for name in form.answer.fields) or "nothing"
        lines.append(f"| `{kind}` | {_takes(form)} | {answer} | {event} |")
    return "\n".join(lines)


def _takes(form: CommandForm) -> str:
    names = [f"`{name}`" for name in form.data.fields]
    if isinstance(form.data, PlaceCommand):
        names = ["`user` or `group`", *(name for name in names if name not in ("`user`", "`group`"))]
    return ", ".join(names)


def command_fields() -> str:
    """Return the table of what commands take, field by field."""
    lines = ["| field | of | value |", "|---|---|---|"]
    seen: dict[tuple[str, str], list[str]] = {}
    for kind, form in COMMANDS.items():
        for name, field in form.data.fields.items():
            is_place = isinstance(form.data, PlaceCommand) and name in ("user", "group")
            value = "integer, if the other of `user` and `group` is left out" if is_place else _value(field)
            seen.setdefault((name, value), []).append(f"`{kind}`")
    lines += [f"| `{name}` | {', '.join(kinds)} | {value} |" for (name, value), kinds in seen.items()]
    return "\n".join(lines)


def event_fields() -> str:
    """Return the table of the ``data`` of the server's frames."""
    lines = ["| type | `seq` | `data` |", "|---|---|---|"]
    forms: Mapping[str, Schema] = {**{kind: form.data for kind, form in EVENTS.items()}, **CONTROL}
    for kind, form in forms.items():
        is_logged = kind in EVENTS and EVENTS[kind].is_logged
        named = NAMED.get(type(form))
        data = {"Message": "the message", "Brief": "the user", "Action": "the action"}.get(named or "") or ", ".join(
            f"`{field.data_key or name}` {_value(field)}" for name, field in form.fields.items()
        )
        lines.append(f"| `{kind}` | {'yes' if is_logged else '–'} | {data} |")
    return "\n".join(lines)


def _value(field: fields.Field[object]) -> str:
    """Return what a field's value may be, in words."""
    text = _type(field)
    for rule in field.validators:
        if isinstance(rule, validate.Range) and isinstance(rule.max, int) and rule.max < 2**32:
            text += f" from {rule.min:,} to {rule.max:,}"
        elif isinstance(rule, validate.Length) and rule.max is not None:
            text += f" of {rule.min or 0:,} to {rule.max:,} characters"
    if not field.required:
        text += ", may be left out"
    elif field.allow_none:
        text += " or null"
    return text


def _type(field: fields.Field[object]) -> str:
    if isinstance(field, fields.Nested):
        return "a user" if NAMED.get(type(field.schema)) == "Brief" else "an object"
    if isinstance(field, fields.List):
        return f"list of {_type(field.inner)}s"
    return next(word for kind, word in _SIMPLE if isinstance(field, kind))

"""Writing marshmallow's schemas in OpenAPI such that generated clients are right."""

import inspect
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from chatd.schemas.events import LOGGED, AnyEvent

#: The name of the schema of any event.
EVENT = "Event"


class Converter(OpenAPIConverter):
    """apispec's converter, adapted to generators of clients."""

    def init_attribute_functions(self) -> None:
        """Add the schema of any event."""
        super().init_attribute_functions()  # type: ignore[no-untyped-call]
        self.attribute_functions.append(self._any_event)

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        """Return a schema, described by its class's docstring."""
        cls = schema if isinstance(schema, type) else type(schema)
        return {"description": inspect.getdoc(cls), **super().schema2jsonschema(schema)}  # type: ignore[no-untyped-call]

    def field2default(self, field: fields.Field[Any], **kwargs: Any) -> dict[str, Any]:
        """Leave out a default of null: it says nothing, and generators require a field that has a default."""
        return {} if field.load_default is None else super().field2default(field, **kwargs)

    def field2choices(self, field: fields.Field[Any], **kwargs: Any) -> dict[str, Any]:
        """Write a choice of one value as a constant."""
        choices = super().field2choices(field, **kwargs)
        return {"const": choices["enum"][0]} if len(choices.get("enum", ())) == 1 else choices

    def _field2parameter(self, field: fields.Field[Any], *, name: str, location: str) -> dict[str, Any]:
        parameter: dict[str, Any] = super()._field2parameter(field, name=name, location=location)
        form = parameter["schema"]
        if isinstance(form.get("type"), list):  # a URL cannot hold null
            (form["type"],) = (each for each in form["type"] if each != "null")
        return parameter

    def _any_event(self, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{EVENT}"} if isinstance(field, AnyEvent) else {}

    def any_event(self) -> dict[str, Any]:
        """Return the schema of an event: one of several, by its type."""
        forms = {kind: self.resolve_nested_schema(form) for kind, form in LOGGED.items()}  # type: ignore[no-untyped-call]
        mapping = {kind: form["$ref"] for kind, form in forms.items()}
        return {
            "description": "Something that has happened, with its place in the change log.",
            "oneOf": list(forms.values()),
            "discriminator": {"propertyName": "type", "mapping": mapping},
        }


class Plugin(MarshmallowPlugin):
    """apispec's plugin with our converter; a schema's name is its class's without `Schema`."""

    Converter = Converter

    def __init__(self) -> None:
        super().__init__(schema_name_resolver=_name)

    def any_event(self) -> dict[str, Any]:
        """Return the schema of an event; the plugin must belong to a specification."""
        assert isinstance(self.converter, Converter)
        return self.converter.any_event()


def _name(schema: Schema | type[Schema]) -> str:
    cls = schema if isinstance(schema, type) else type(schema)
    return cls.__name__.removesuffix("Schema")

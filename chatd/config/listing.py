"""The list of all settings, with their names and documentation."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, get_origin, get_type_hints

from chatd.config.settings import PREFIX, SECTIONS


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting's name and documentation."""

    section: str
    name: str
    kind: Any
    default: Any
    text: str
    field: "dataclasses.Field[Any]"

    @property
    def is_list(self) -> bool:
        """Whether its value is a list of strings."""
        return get_origin(self.kind) is tuple

    @property
    def is_path(self) -> bool:
        """Whether it is the path of a file or a directory."""
        return bool(self.field.metadata["path"])

    @property
    def is_secret(self) -> bool:
        """Whether its value must never be shown."""
        return bool(self.field.metadata["secret"])

    @property
    def credential(self) -> str:
        """The name of the credential that sets it, where it is a secret."""
        return f"{self.section}_{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"{PREFIX}{self.section}_{self.name}".upper()


def settings() -> list[Setting]:
    """Return every setting, in the order of the sections."""
    found = []
    for section, cls in SECTIONS.items():
        kinds = get_type_hints(cls)
        for each in dataclasses.fields(cls):
            found.append(Setting(section, each.name, kinds[each.name], each.default, each.metadata["text"], each))
    return found


def to_toml(value: Any) -> str:
    """Return a setting's value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(to_toml(item) for item in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):  # as in JSON, but TOML wants one more control character escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)

"""What all events have in common, and how they are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatd.client.models import Cursor, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. An event this library does not know is just this: its ``type`` and its ``data``.

    ``cursor`` is its position in the server's log; None for what is never replayed (typing, presence).
    """

    type: str
    data: Mapping[str, Any] = field(hash=False, repr=False)
    cursor: Cursor | None = None

    @property
    def actor_id(self) -> int | None:
        """The id of the user who did it, if one did."""
        return None


#: An event's class, and what returns its fields of a frame's data.
Kind = tuple[type[Event], Callable[[Json], dict[str, Any]]]


def same(*names: str) -> Callable[[Json], dict[str, Any]]:
    """Return what returns fields as they are in a frame's data."""
    return lambda data: {name: data[name] for name in names}

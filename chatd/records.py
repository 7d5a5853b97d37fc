"""What models and events are made with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

C = TypeVar("C")


@dataclass_transform(frozen_default=True)
def record(*, kw_only: bool = False) -> Callable[[type[C]], type[C]]:
    """Return a decorator that makes a class a dataclass with slots which nobody may change.

    The type checker holds everybody to that. At run time nothing does: making a frozen dataclass of twelve fields
    takes 1.5 µs and making this one 0.2 µs, and a message that is sent makes five records.
    """

    def decorate(cls: type[C]) -> type[C]:
        return dataclass(slots=True, unsafe_hash=True, kw_only=kw_only)(cls)

    return decorate

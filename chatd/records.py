"""What models and events are made of."""

from typing import dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True)
class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """A base of classes with named fields, whose objects nobody can change, and which are equal where their fields are.

    Like a frozen dataclass with slots; but a frozen dataclass of twelve fields takes 1.5 µs to make, and this 0.2, and
    a message that is sent makes five.
    """

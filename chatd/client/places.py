"""A place: a user or a group that one can write to.

A place is seen from somebody: the private chat of two users is at ``UserPlace(2)`` for user 1, and at ``UserPlace(1)``
for user 2. JSON has two fields for it, of which one is null; the functions below convert, and nothing else does.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserPlace:
    """The private chat with a user."""

    id: int


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """A group."""

    id: int


Place = UserPlace | GroupPlace


def place_from(user_id: int | None, group_id: int | None) -> Place:
    """Return the place that two fields name.

    :raises ValueError: if both are null.
    """
    if group_id is not None:
        return GroupPlace(group_id)
    if user_id is None:
        raise ValueError("a place is a user or a group")
    return UserPlace(user_id)


def named(place: Place) -> dict[str, int]:
    """Return a place as commands and queries name it."""
    return {"user": place.id} if isinstance(place, UserPlace) else {"group": place.id}


def ids_of(place: Place) -> dict[str, int | None]:
    """Return the two fields that name a place in an event."""
    is_user = isinstance(place, UserPlace)
    return {"user_id": place.id if is_user else None, "group_id": None if is_user else place.id}

"""A place: a user or a group that one can write to.

A place is seen from somebody: the private chat of two users is at ``UserPlace(2)`` for user 1, and at ``UserPlace(1)``
for user 2. JSON and SQL rows have two columns for it, of which one is null; :func:`place_from` and :func:`ids_of`
convert, and nothing else does.
"""

from chatd.records import Record


class UserPlace(Record, tag="user"):
    """The private chat with a user."""

    id: int


class GroupPlace(Record, tag="group"):
    """A group."""

    id: int


Place = UserPlace | GroupPlace


def place_from(user_id: int | None, group_id: int | None) -> Place:
    """Return the place that two columns name.

    :raises ValueError: if both are null.
    """
    if group_id is not None:
        return GroupPlace(group_id)
    if user_id is None:
        raise ValueError("a place is a user or a group")
    return UserPlace(user_id)


def ids_of(place: Place) -> tuple[int | None, int | None]:
    """Return the two columns that name a place: the user's id and the group's."""
    return (place.id, None) if isinstance(place, UserPlace) else (None, place.id)

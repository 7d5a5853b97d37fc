"""Who may say something in a group: those who are not silenced."""

from chatd.errors import Silenced
from chatd.models import Stay
from chatd.storage.circles import Circle


def require(group: Circle, user_id: int, now: int) -> None:
    """Refuse what a silenced member of a group may not do: all but reading, leaving, reporting, and deleting their own.

    :raises Silenced: somebody has silenced them.
    """
    until = group.silenced_until(user_id, now)
    if until is not None:
        raise Silenced(until)


def require_in(stay: Stay, now: int) -> None:
    """Do the same for the member of a stay; nobody silences an owner."""
    if stay.silenced_until is not None and stay.silenced_until > now and stay.role != "owner":
        raise Silenced(stay.silenced_until)

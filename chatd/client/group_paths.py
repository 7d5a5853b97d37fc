"""What the calls about groups take, and how they name it to the server."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from chatd.client.group_models import Action
from chatd.client.models import Brief, Group, Message, Preview
from chatd.client.places import GroupPlace

T = TypeVar("T")

#: What calls take for a group: it, where it is, what one saw of it before one was in, or its id.
GroupLike = int | Group | GroupPlace | Preview


class Ask(Protocol):
    """Sends a request and returns what ``of`` makes of the JSON of its answer, which is None where there is none."""

    async def __call__(self, method: str, path: str, of: Callable[[Any], T], **options: Any) -> T:
        """Send it."""


class Calls:
    """Calls of one user."""

    def __init__(self, ask: Ask) -> None:
        """Create the calls of a user.

        :param ask: sends a request as that user.
        """
        self._ask = ask


def group_id(group: GroupLike) -> int:
    """Return the id of a group."""
    return group if isinstance(group, int) else group.id


def user_id(user: int | Brief) -> int:
    """Return the id of a user."""
    return user if isinstance(user, int) else user.id


def message_id(message: int | Message) -> int:
    """Return the id of a message."""
    return message if isinstance(message, int) else message.id


def action_id(action: int | Action) -> int:
    """Return the id of an action."""
    return action if isinstance(action, int) else action.id


def path_of(group: GroupLike) -> str:
    """Return the path of a group."""
    return f"/groups/{group_id(group)}"

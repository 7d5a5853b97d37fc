"""What a bot makes of the messages it hears, and how it marks what it says to them."""

import logging
import re
import unicodedata

from chatd.client.client import Client
from chatd.client.errors import ChatError, Refused
from chatd.client.events import Event, MessageEdited, NewMessage
from chatd.client.models import Brief, Cursor, Message

log = logging.getLogger(__name__)

#: A cursor that no log has, so that the server answers it with a resync.
UNKNOWN = Cursor("unknown", 0)

#: The ``client_id`` of an answer to an event. Bots know one another by it.
ANSWER = "re-{epoch}-{seq}-{number}"

_ANSWER = re.compile(r"re-.{1,32}-[0-9]+-[0-9]+")

#: A name at the beginning of a message, and what may stand between it and the rest.
_CALLED = re.compile(r"\s*@(\S+)\s*(.*)", re.DOTALL)


async def accept_all(client: Client) -> None:
    """Join every group that an invitation stands for; an event that is replayed may be of one that does not."""
    try:
        for invitation in await client.groups.invitations():
            try:
                await client.groups.join(invitation.group)
            except Refused as error:
                log.warning("the invitation to %s cannot be accepted: %s", invitation.group.name, error)
    except ChatError as error:
        log.warning("the invitations cannot be read: %s", error)


class Handled:
    """The event that is being handled, and how many answers it has had."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._answers = 0

    def next_client_id(self) -> str:
        """Return the ``client_id`` of the next answer, the same whenever the event is handled."""
        self._answers += 1
        return ANSWER.format(epoch=self._cursor.epoch[:32], seq=self._cursor.seq, number=self._answers)


def is_by_a_person(event: Event) -> bool:
    """Report whether an event is about anything but a message known to be written by a bot."""
    if not isinstance(event, NewMessage | MessageEdited):
        return True
    message = event.message
    return not (message.sender.is_ai or _ANSWER.fullmatch(message.client_id or ""))


def names(message: Message, me: Brief) -> bool:
    """Report whether a message to a group names or answers somebody."""
    return message.group_id is not None and me.id in message.mentions


def said_to(message: Message, me: Brief) -> str | None:
    """Return what follows somebody's name at the beginning of a message that names them; None without it there."""
    match = _CALLED.fullmatch(message.content)
    if match is None or not names(message, me):
        return None
    name, mine = _folded(match[1]), _folded(me.username)
    is_mine = name == mine or (name.startswith(mine) and not any(map(str.isalnum, name[len(mine) :])))
    return match[2] if is_mine else None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()

"""One chat: what was loaded of it, and what is still to be sent."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from chatd.chat.names import name_of
from chatd.client import Brief, Cursor, Group, MeInGroup, Message, Place


@dataclass(eq=False)
class Outgoing:
    """A message that is not stored yet; ``problem`` says why it never will be."""

    content: str
    client_id: str
    at: datetime
    reply_to: int | None = None
    problem: str | None = None


@dataclass(eq=False)
class Chat:
    """One chat; ``partner`` is the user or the group there.

    ``as_of`` is the position in the server's log up to which its counts include everything.
    """

    place: Place
    partner: Brief | Group
    last: Message | None = None
    unread: int = 0
    read_up_to: int = 0
    others_read_up_to: int = 0
    as_of: Cursor | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    more_before: bool = True
    loaded: bool = False
    outgoing: list[Outgoing] = field(default_factory=list)
    #: In a group: what one is there, how many unread messages name one, and where one's joining is among the messages.
    me: MeInGroup | None = None
    mentions: int = 0
    activity: int = 0

    @property
    def level(self) -> str:
        """What disturbs one here: as the server calls it, and ``none`` while it is muted."""
        if self.me is None:
            return "all"
        until = self.me.muted_until
        return "none" if until is not None and until > datetime.now(UTC) else self.me.notify

    @property
    def rank(self) -> int:
        """Its place in the list: the newest message, or one's joining if that is later; 0 if there is neither."""
        return max(self.newest_id, self.activity)

    @property
    def name(self) -> str:
        """The name of the user or the group."""
        return self.partner.name if isinstance(self.partner, Group) else name_of(self.partner)

    @property
    def history(self) -> list[Message]:
        """Its loaded messages, oldest first."""
        return [self.messages[number] for number in sorted(self.messages)]

    def is_before(self, cursor: Cursor | None) -> bool:
        """Report whether its counts are older than a position in the log, and so lack what happened there."""
        return cursor is None or self.as_of is None or cursor.epoch != self.as_of.epoch or cursor.seq > self.as_of.seq

    @property
    def newest_id(self) -> int:
        """The id of its last message, 0 if there is none."""
        return max(self.last.id if self.last is not None else 0, max(self.messages, default=0))

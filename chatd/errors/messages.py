"""What can go wrong with messages."""

from chatd.errors.base import ChatError, NotFound


class ConversationNotFound(NotFound):
    """There is no such conversation."""


class MessageNotFound(NotFound):
    """There is no such message."""


class MessageDeleted(ChatError):
    """The message has been deleted."""

    code = "message_deleted"


class MessageRemoved(ChatError):
    """The message has been removed by an admin."""

    code = "message_removed"


class TooManyReactions(ChatError):
    """There are enough reactions of yours on this message."""

    code = "too_many_reactions"


class ResyncNeeded(ChatError):
    """The change log does not reach back to there: load the conversations again."""

    code = "resync"


class CannotMessageSelf(ChatError):
    """A message needs somebody else to receive it."""

    code = "cannot_message_self"


class Blocked(ChatError):
    """You have blocked this person: unblock them to write to them."""

    code = "blocked"


class CannotBlockSelf(ChatError):
    """Nobody can block themselves."""

    code = "cannot_block_self"


class CannotReportOwn(ChatError):
    """A message of your own cannot be reported."""

    code = "cannot_report_own"


class ReportNotFound(NotFound):
    """There is no such report, or it is resolved already."""


class ClientIdReused(ChatError):
    """This client_id was already used for a different message."""

    code = "client_id_reused"

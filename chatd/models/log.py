"""The change log."""

from chatd.records import Record


class LogPosition(Record):
    """A position in a change log: the log's name, and a ``seq``."""

    epoch: str
    seq: int


class LogExtent(Record):
    """How far a change log reaches: the newest ``seq``, the last that was pruned, and when its oldest was made."""

    head: int
    pruned_up_to: int
    oldest_at: int | None


class LogEntry(Record):
    """One row of the change log."""

    seq: int
    kind: str
    conversation_id: int | None
    user_id: int | None
    message_id: int | None
    data: str | None
    created_at: int
    #: Where the stay ended that the reader sees it by; None: it goes on.
    stay_end: int | None = None

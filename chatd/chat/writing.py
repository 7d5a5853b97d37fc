"""What the user is doing in the open chat, and the drafts in the others."""

from rich.text import Text

from chatd.chat.drawing import clean_line, clipped
from chatd.chat.names import name_of
from chatd.client import Message, Place


class Writing:
    """At most one message is being answered, changed or deleted at a time."""

    def __init__(self) -> None:
        self.replying: Message | None = None
        self.editing: Message | None = None
        self.deleting: Message | None = None
        #: Something to tell until the user does something else.
        self.notice = ""
        self._drafts: dict[Place, str] = {}

    @property
    def is_about_a_message(self) -> bool:
        """Whether there is something to be left."""
        return self.replying is not None or self.editing is not None or self.deleting is not None

    def begin(
        self, *, replying: Message | None = None, editing: Message | None = None, deleting: Message | None = None
    ) -> None:
        """Begin one task, or none, and drop the one before."""
        self.replying, self.editing, self.deleting, self.notice = replying, editing, deleting, ""

    def swap(self, before: Place | None, now: Place, text: str) -> str:
        """Switch from one chat to another, and return the draft there."""
        if before is not None:
            self._drafts[before] = "" if self.editing is not None else text
        self.begin()
        return self._drafts.pop(now, "")

    def line(self, width: int) -> Text:
        """Return what the user sees of it; what does not fit into a line of ``width`` cells may take two."""
        if self.notice:
            return Text(clean_line(self.notice), "yellow")
        if self.deleting is not None:
            return Text(f"F8 again deletes {_quoted(self.deleting, width)}, Esc keeps it", "yellow")
        if self.editing is not None:
            return Text("Changing your message: Enter saves, Esc leaves it", "yellow")
        if self.replying is not None:
            said = f"Answering {name_of(self.replying.sender)}: {self.replying.content}"
            return Text(clipped(said, width), "cyan")
        return Text()


def _quoted(message: Message, width: int) -> str:
    """Return the beginning of a message, short enough for the sentence around it."""
    return f"“{clipped(message.content, max(width - 34, 10))}”"

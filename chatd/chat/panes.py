"""The parts of the screen, and which of them are shown."""

from collections.abc import Callable
from typing import Any

from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical

from chatd.chat.widgets import ChatList, Composer, History, Line

#: Below this width there is one column: the list or the chat.
NARROW = 60


class Panes:
    """The list of chats and the open chat, side by side or, in a narrow terminal, one at a time."""

    def __init__(self, app: App[Any]) -> None:
        """Create the parts, which :meth:`compose` puts on the screen."""
        self._app = app
        #: Whether the user is in the list.
        self.choosing = True
        self._is_narrow = False

    def compose(self, send: Callable[[str], None]) -> ComposeResult:
        """Make the parts.

        :param send: takes what was written.
        """
        with Horizontal():
            yield ChatList(id="list")
            with Vertical(id="chat"):
                yield Line(id="title")
                yield History(id="history")
                yield Line(id="notice")
                yield Composer(send, id="composer")
        yield Line(id="status")

    @property
    def chats(self) -> ChatList:
        """The list of chats."""
        return self._app.query_one(ChatList)

    @property
    def history(self) -> History:
        """The messages of the open chat."""
        return self._app.query_one(History)

    @property
    def composer(self) -> Composer:
        """Where the user writes."""
        return self._app.query_one(Composer)

    def line(self, name: str) -> Line:
        """Return a line around the chat: ``title``, ``notice`` or ``status``."""
        return self._app.query_one(f"#{name}", Line)

    @property
    def chat_is_shown(self) -> bool:
        """Whether the open chat can be seen."""
        return not (self.choosing and self._is_narrow)

    def fit(self, width: int) -> None:
        """Choose one or two columns for a width."""
        self._is_narrow = width < NARROW

    def arrange(self, *, is_open: bool) -> None:
        """Show both columns or the one in use.

        :param is_open: whether a chat is open; where none is, nothing can be written.
        """
        self._app.query_one("#list").set_class(self._is_narrow, "whole")
        self._app.query_one("#list").display = self.choosing or not self._is_narrow
        self._app.query_one("#chat").display = self.chat_is_shown
        self._app.query_one("#composer").disabled = not is_open

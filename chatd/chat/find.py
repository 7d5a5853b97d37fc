"""The dialog in which one finds something by writing a part of it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from chatd.chat.entry import LineEntry
from chatd.client import ChatError

T = TypeVar("T")


class Find(ModalScreen[T | None], Generic[T]):
    """Finds people, or ways into groups."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
    ]

    def __init__(
        self,
        question: str,
        find: Callable[[str], Awaitable[Sequence[T]]],
        line: Callable[[T], str],
        *,
        wanted: str,
        nothing: str,
        enter: str = "open",
    ) -> None:
        """Create a dialog.

        :param question: stands at the top.
        :param find: returns what a text finds.
        :param line: returns how a thing that was found is shown, which may be anything.
        :param wanted: what to write.
        :param nothing: stands where nothing was found.
        :param enter: what Enter does.
        """
        super().__init__()
        self._question, self._wanted, self._nothing, self._enter = question, wanted, nothing, enter
        self._find = find
        self._line = line
        self._found: Sequence[T] = ()
        self._is_searching = False
        self._is_entered = False

    def compose(self) -> ComposeResult:
        """Make the parts of the dialog."""
        with Vertical(id="find"):
            yield Label(self._question, markup=False)
            box = LineEntry(placeholder=self._wanted, compact=True)
            box.cursor_blink = False
            yield box
            yield OptionList(compact=True, markup=False)
            yield Label(f"Enter: {self._enter}   Esc: back", id="find-hint", markup=False)

    def on_mount(self) -> None:
        """Show something to begin with."""
        self._search("")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._is_entered = False
        self._search(event.value)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if self._is_searching:
            self._is_entered = True  # what is to be seen yet belongs to another text
            return
        number = self.query_one(OptionList).highlighted
        if number is not None and number < len(self._found):
            self.dismiss(self._found[number])

    def action_leave(self) -> None:
        """Find nothing."""
        self.dismiss(None)

    def action_move(self, by: int) -> None:
        """Choose another of what was found."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def _search(self, text: str) -> None:
        self._is_searching = True
        self.run_worker(self._show_found(text), exclusive=True)

    async def _show_found(self, text: str) -> None:
        options = self.query_one(OptionList)
        try:
            self._found = await self._find(text.strip())
        except ChatError as error:
            self._found, self._is_searching = (), False
            options.set_options([Option(error.detail, disabled=True)])
            return
        self._is_searching = False
        lines = [self._line(each) for each in self._found]
        options.set_options(lines or [Option(self._nothing, disabled=True)])
        options.highlighted = 0 if self._found else None
        if self._is_entered:
            self._submitted()

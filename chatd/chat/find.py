"""The dialog in which one finds somebody to write to."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from chatd.chat.controller import Controller
from chatd.chat.drawing import clean_line
from chatd.chat.entry import LineEntry
from chatd.chat.names import name_of
from chatd.client import Brief, ChatError


class FindPerson(ModalScreen[Brief | None]):
    """Finds people by their names."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
    ]

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._found: tuple[Brief, ...] = ()
        self._is_searching = False
        self._is_entered = False

    def compose(self) -> ComposeResult:
        """Make the parts of the dialog."""
        with Vertical(id="find"):
            yield Label("Write to whom?", markup=False)
            box = LineEntry(placeholder="part of a name", compact=True)
            box.cursor_blink = False
            yield box
            yield OptionList(compact=True, markup=False)
            yield Label("Enter: open   Esc: back", id="find-hint", markup=False)

    def on_mount(self) -> None:
        """Show somebody to begin with."""
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
        """Find nobody."""
        self.dismiss(None)

    def action_move(self, by: int) -> None:
        """Choose another of those found."""
        people = self.query_one(OptionList)
        if by > 0:
            people.action_cursor_down()
        else:
            people.action_cursor_up()

    def _search(self, text: str) -> None:
        self._is_searching = True
        self.run_worker(self._show_found(text), exclusive=True)

    async def _show_found(self, text: str) -> None:
        people = self.query_one(OptionList)
        try:
            self._found = await self._controller.find(text.strip())
        except ChatError as error:
            self._found, self._is_searching = (), False
            people.set_options([Option(error.detail, disabled=True)])
            return
        self._is_searching = False
        lines = [f"{clean_line(name_of(each))} (@{clean_line(each.username)})" for each in self._found]
        people.set_options(lines or [Option("nobody is called that", disabled=True)])
        people.highlighted = 0 if self._found else None
        if self._is_entered:
            self._submitted()

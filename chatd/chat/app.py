"""The screen of ``chatd chat``, and what the keys do.

Longer than 300 lines: each key has its action here.
"""

import sys
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import TextArea

from chatd.chat import captions, drawing, keys
from chatd.chat.chats import Chat
from chatd.chat.controller import Controller
from chatd.chat.driver import driver_class
from chatd.chat.ending import Ending
from chatd.chat.find import Find
from chatd.chat.group_messages import person
from chatd.chat.groups import GroupKeys
from chatd.chat.panes import Panes
from chatd.chat.widgets import Composer, Lines
from chatd.chat.writing import Writing
from chatd.client import Backoff, Brief, Message, Place, Refused


class ChatApp(App[Ending | None]):
    """Shows the chats of one user."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = keys.BINDINGS

    def __init__(self, url: str, token: str, *, backoff: Backoff | None = None) -> None:
        """Create the screen of a user's chats."""
        super().__init__(driver_class(), ansi_color=True)  # else Textual makes NO_COLOR black on black
        self.theme = "ansi-dark"
        self.animation_level = "none"
        self.controller = Controller(url, token, self.changed, backoff)
        self._drawing = drawing.Drawing(self.console)
        self._chosen: Place | None = None
        self._panes = Panes(self)
        self._writing = Writing()
        self._groups = GroupKeys(self, self.controller, self.open, self._say, self._writing, self._answer)
        self._may_leave = False
        self._is_due = False
        self._is_ready = False

    def compose(self) -> ComposeResult:
        """Make the parts of the screen."""
        yield from self._panes.compose(self._send)

    def on_mount(self) -> None:
        """Begin."""
        self._is_ready = True
        self._panes.fit(self.size.width)
        self._panes.chats.focus()
        self._arrange()
        self.run_worker(self._run(), exit_on_error=True)
        self.set_interval(0.5, self._tick)

    async def _run(self) -> None:
        self.exit(await self.controller.run())

    def on_resize(self, event: events.Resize) -> None:
        """Fit everything into the new size."""
        self._panes.fit(event.size.width)
        self._arrange()
        self._show_status()

    def on_app_focus(self) -> None:
        """Draw what came in the meantime."""
        self.changed()

    def changed(self) -> None:
        """Draw soon, and once, however much happens until then."""
        if not self._is_due and self.is_running:
            self._is_due = True
            self.call_later(self.show)

    def show(self) -> None:
        """Draw the present state; only what changed is drawn again."""
        self._is_due = False
        if not self._is_ready:
            return
        state, chat = self.controller.state, self.controller.chat
        if self._may_leave and not self.controller.unsent:
            self._may_leave, self._writing.notice = False, ""
        self._show_status()
        if state is None:
            return
        if state.news:
            self._writing.notice, state.news = state.news, ""
        self._show_list()
        history = self._panes.history
        if chat is None and not self._panes.choosing:
            self._go(choosing=True)  # one is in that group no more
        if chat is None:
            history.show_blocks([(0, self._drawing.hint(captions.FIRST_HINT, history.room))], None)
        else:
            blocks = self._drawing.history(chat, state, history.room, datetime.now(UTC))
            history.show_blocks(blocks, chat.place)
            if history.is_near_beginning:
                self.controller.load_older()
            if self.app_focus and self._panes.chat_is_shown and history.at_end:
                self.controller.read()
        self._panes.line("title").put(captions.title(self.controller, history.room))
        self._panes.line("notice").put(self._notice_line(chat))

    # Actions.

    async def action_leave(self) -> None:
        """Quit; while something is unsent, only when asked twice."""
        if self.controller.unsent and not self._may_leave:
            self._may_leave = True
            self._say(f"{self.controller.unsent} not sent yet: quit again to give that up")
            return
        self.exit(None)

    def action_find(self) -> None:
        """Ask whom to write to."""

        def found(user: Brief | None) -> None:
            if user is not None and self.controller.state is not None:
                self.open(self.controller.state.open(user).place)

        if self.controller.state is not None:
            asks = {"wanted": "part of a name", "nothing": "nobody is called that"}
            self.push_screen(Find("Write to whom?", self.controller.find, person, **asks), found)

    def action_group(self, what: str) -> None:
        """Join a group, or do something in the one that is open."""
        self._groups.do(what)

    def action_help(self) -> None:
        """Show what the keys do."""
        self.push_screen(keys.Help())

    def action_choose(self) -> None:
        """Switch between the list and the chat."""
        if self._panes.choosing and self.controller.opened is not None:
            self._go(choosing=False)
        else:
            self._go(choosing=True)

    def action_escape(self) -> None:
        """Cancel the present task, if there is one; otherwise go to the list."""
        writing = self._writing
        if writing.is_about_a_message or writing.notice:
            if writing.editing is not None:
                self._panes.composer.put("")
            writing.begin()
            self.changed()
        else:
            self._go(choosing=True)

    def action_move(self, by: int) -> None:
        """Choose another chat in the list."""
        state = self.controller.state
        if state is None or not state.chats:
            return
        order = [chat.place for chat in state.ordered]
        row = order.index(self._chosen) + by if self._chosen in order else 0
        self._chosen = order[max(0, min(row, len(order) - 1))]
        if row >= len(order) - 1:
            self.controller.load_more_chats()
        self.show()

    def action_step(self, by: int) -> None:
        """Open the chat above or below, once the keys typed before have reached the present chat."""
        self._panes.composer.call_later(self._step, by)

    def _step(self, by: int) -> None:
        self._chosen = self.controller.opened or self._chosen
        self.action_move(by)
        self.action_open_chosen()

    def action_open_chosen(self) -> None:
        """Open the chat chosen in the list."""
        if self._chosen is not None:
            self.open(self._chosen)

    def action_page(self, direction: int) -> None:
        """Scroll the history."""
        self._panes.history.page(direction)
        self.changed()

    def action_newest(self) -> None:
        """Go to the end of the history."""
        self._panes.history.to_end()
        self.changed()

    @on(Composer.Recalled)
    def action_edit(self) -> None:
        """Edit the last own message, or take back one that could not be sent."""
        chat = self.controller.chat
        if chat is None:
            return
        composer = self._panes.composer
        failed = [each for each in chat.outgoing if each.problem is not None]
        if failed:
            chat.outgoing.remove(failed[-1])
            composer.put(failed[-1].content)
        elif (mine := self.controller.last_said(mine=True)) is not None:
            self._writing.begin(editing=mine)
            composer.put(mine.content)
        self._go(choosing=False)
        self.changed()

    def action_delete(self) -> None:
        """Delete the last own message when asked twice."""
        mine, deleting = self.controller.last_said(mine=True), self._writing.deleting
        if mine is None:
            return
        if deleting is not None and deleting.id == mine.id:
            self._writing.begin()
            self.controller.start(self._change(self.controller.client.delete(mine.id)))
        else:
            self._writing.begin(deleting=mine)
        self.changed()

    def action_reply(self) -> None:
        """Reply to the last message of somebody else; when repeated, to the one before it."""
        before = self._writing.replying
        found = self.controller.last_said(mine=False, before=before.id if before is not None else None)
        if found is None and before is None:
            return
        self._answer(found)

    def _answer(self, message: Message | None) -> None:
        self._writing.begin(replying=message)
        self._go(choosing=False)
        self.changed()

    def _send(self, written: str) -> None:
        text = written.strip("\n")
        if self.controller.chat is None:
            return
        writing = self._writing
        if writing.editing is not None:
            self.controller.start(self._change(self.controller.client.edit(writing.editing.id, text)))
        else:
            self._panes.history.at_end = True
            self.controller.send(text, writing.replying.id if writing.replying is not None else None)
        writing.begin()

    @on(TextArea.Changed)
    def _written(self, event: TextArea.Changed) -> None:
        self._may_leave = False
        if event.text_area.text and self._writing.editing is None:
            self.controller.tell_typing()

    @on(Lines.Resized)
    def _resized(self) -> None:
        self.changed()

    def open(self, place: Place) -> None:
        """Open a chat."""
        composer = self._panes.composer
        if self.controller.opened != place:
            composer.put(self._writing.swap(self.controller.opened, place, composer.text))
        self._chosen = place
        self.controller.open(place)
        self._go(choosing=False)

    # Drawing.

    def _go(self, *, choosing: bool) -> None:
        self._panes.choosing = choosing
        self._chosen = self.controller.opened or self._chosen
        self._arrange()
        (self._panes.chats if choosing else self._panes.composer).focus()
        self.call_after_refresh(self.show)

    def _arrange(self) -> None:
        self._panes.arrange(is_open=self.controller.opened is not None)

    def _show_list(self) -> None:
        state, chats = self.controller.state, self._panes.chats
        assert state is not None
        if self._chosen not in state.chats:
            self._chosen = next((chat.place for chat in state.ordered), None)
        chosen = self._chosen if self._panes.choosing else None
        chats.show_lines(drawing.list_lines(state, chats.room, opened=self.controller.opened, chosen=chosen))
        if chosen is not None:
            chats.keep_in_sight([chat.place for chat in state.ordered].index(chosen))

    def _notice_line(self, chat: Chat | None) -> Text:
        history = self._panes.history
        if line := self._writing.line(history.room):
            return line
        if chat is not None and not history.at_end and chat.unread:
            return Text(f"↓ {chat.unread} new", "bold yellow")
        return captions.writing(self.controller, history.room)

    async def _change(self, work: Awaitable[object]) -> None:
        try:
            await self.controller.change(work)
        except Refused as error:
            self._say(error.detail)

    def _show_status(self) -> None:
        self._panes.line("status").put(captions.status(self.controller, self.size.width - 2))

    def _say(self, notice: str) -> None:
        self._writing.notice = notice
        self.changed()

    def _tick(self) -> None:
        if not self.is_headless and sys.__stdin__ is not None and not sys.__stdin__.isatty():
            self.exit(Ending("The terminal is gone."))
        if not self.controller.client.is_connected:
            self._show_status()

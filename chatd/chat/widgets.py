"""The parts of the screen: lines that are drawn again only where they changed, and the box one writes in."""

from collections.abc import Callable

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from chatd.chat.entry import TextEntry

#: How near to the first loaded line the user has to scroll, in lines, before more is loaded.
NEAR = 5


class Lines(ScrollView):
    """Lines of text, each as wide as the widget."""

    class Resized(Message):
        """The lines have another width now."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name for it)
        super().__init__(id=id)
        self._texts: list[Text] = []
        self._strips: dict[int, Strip] = {}

    @property
    def text(self) -> str:
        """All lines as plain text."""
        return "\n".join(line.plain.rstrip() for line in self._texts)

    @property
    def room(self) -> int:
        """How many cells a line has."""
        return max(self.scrollable_content_region.width, 1)

    def show_lines(self, texts: list[Text]) -> None:
        """Show lines instead of those before; what stays the same is not drawn again."""
        before = self._texts
        self._texts = texts
        common = min(len(before), len(texts))
        changed = [y for y in range(common) if before[y] != texts[y]]
        for y in [*changed, *range(common, len(before))]:
            self._strips.pop(y, None)
        size = Size(self.room, len(texts))
        if size != self.virtual_size:
            self.virtual_size = size
        for y in [*changed, *range(common, max(len(before), len(texts)))]:
            if 0 <= (line := y - self.scroll_offset.y) < self.size.height:
                self.refresh(Region(0, line, self.size.width, 1))

    def on_resize(self) -> None:
        """Ask for new lines, for the new width."""
        self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """Return the line at ``y`` of the widget."""
        number = y + self.scroll_offset.y
        width = self.size.width
        if number >= len(self._texts):
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get(number)
        if strip is None:
            text = self._texts[number].copy()
            text.stylize_before(text.style)  # which is not drawn otherwise where there are no spans
            segments = text.render(self.app.console, end="")
            strip = self._strips[number] = Strip(segments).apply_style(self.rich_style)
        return strip.adjust_cell_length(width, self.rich_style)

    def notify_style_update(self) -> None:
        """Draw all again in another style."""
        self._strips.clear()
        super().notify_style_update()


class ChatList(Lines, can_focus=True):
    """The list of chats."""

    BINDINGS = [  # noqa: RUF012 (as Textual has it)
        Binding("up", "app.move(-1)", "Up", show=False),
        Binding("down", "app.move(1)", "Down", show=False),
        Binding("enter", "app.open_chosen", "Open", show=False),
    ]

    def keep_in_sight(self, number: int) -> None:
        """Scroll so that a line can be seen."""
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        if not top <= number < top + height:
            self.scroll_to(y=number if number < top else number - height + 1, animate=False, force=True)


class History(Lines, can_focus=False):
    """What was said in a chat. It stays where it is, at its end or elsewhere, whatever is added."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name for it)
        super().__init__(id=id)
        self._blocks: list[tuple[int, int]] = []
        self._showing: object = None
        #: Whether the last line can be seen, and will be when there are more.
        self.at_end = True

    @property
    def is_near_beginning(self) -> bool:
        """Whether older messages should be loaded."""
        return self.size.height > 0 and self.scroll_offset.y <= NEAR

    def show_blocks(self, blocks: list[tuple[int, list[Text]]], of: object) -> None:
        """Show messages, given by their ids and lines.

        :param of: what they are the history of; for another one than before it begins at the end.
        """
        if of != self._showing:
            self._showing, self.at_end = of, True
        top = self.scroll_offset.y
        anchor, offset = 0, 0
        for number, start in self._blocks:
            if start > top:
                break
            anchor, offset = number, top - start
        self._blocks = []
        lines: list[Text] = []
        for number, texts in blocks:
            self._blocks.append((number, len(lines)))
            lines.extend(texts)
        self.show_lines(lines)
        target = self.max_scroll_y
        if not self.at_end and anchor:
            target = next((start + offset for number, start in self._blocks if number == anchor), top)
        if target != top:
            self.scroll_to(y=target, animate=False, force=True)

    def page(self, direction: int) -> None:
        """Scroll by a page."""
        step = max(self.scrollable_content_region.height - 1, 1) * direction
        self.scroll_to(y=self.scroll_offset.y + step, animate=False, force=True)
        self.at_end = self.scroll_offset.y >= self.max_scroll_y

    def to_end(self) -> None:
        """Scroll to the last line."""
        self.at_end = True
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)


class Composer(TextEntry):
    """The box one writes in: Enter sends, Ctrl+J breaks the line."""

    class Recalled(Message):
        """The user wants to change what was written last."""

    def __init__(self, send: Callable[[str], None], *, id: str) -> None:  # noqa: A002 (Textual's name for it)
        """Create an empty box.

        :param send: takes the text. It is called at once, so that keys typed next do not end up in it.
        """
        super().__init__(id=id, soft_wrap=True, compact=True, highlight_cursor_line=False, placeholder="Write here…")
        self.cursor_blink = False
        self._send = send

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            if (text := self.text).strip():
                self.put("")
                self._send(text)
        elif event.key in ("ctrl+j", "shift+enter", "alt+enter"):
            self.insert("\n")
        elif event.key == "up" and not self.text:
            self.post_message(self.Recalled())
        else:
            return
        event.stop()
        event.prevent_default()

    def put(self, text: str) -> None:
        """Put ``text`` into the box, with the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)


class Line(Static):
    """One line of text, drawn again only when it changes."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name for it)
        super().__init__(id=id, markup=False)
        self.text = Text()

    def put(self, text: Text) -> None:
        """Show a text."""
        if text != self.text:
            self.text = text
            self.update(text)

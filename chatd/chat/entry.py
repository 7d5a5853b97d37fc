"""What somebody types or pastes, unchanged: Textual itself accepts only what Python calls printable."""

import unicodedata

import regex  # type: ignore[import-untyped]
from textual import events
from textual.widgets import Input, TextArea

#: Control characters and surrogates: the only ones that are not text.
_NO_TEXT = ("Cc", "Cs")

#: What makes a cluster an emoji: a picture, half of a flag, or the frame of a key.
_EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]")


def is_text(character: str) -> bool:
    """Report whether a character can be part of a message.

    There are more of them than :meth:`str.isprintable` knows: the spaces of other scripts, joiners, marks that change
    the direction, and whatever is newer than Python's own table of characters.
    """
    return unicodedata.category(character) not in _NO_TEXT


def typed(event: events.Key) -> str:
    """Return the text of a key that Textual would not accept as text, or nothing."""
    character = event.character or ""
    return character if not event.is_printable and character and all(map(is_text, character)) else ""


def pasted(text: str) -> str:
    """Return pasted text without control characters other than line breaks and tabs."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in lines if character in "\n\t" or is_text(character))


def last_length(text: str) -> int:
    """Return how many characters Backspace deletes at the end of a text: a whole emoji, otherwise one.

    Any other cluster is deleted mark by mark, as keyboards for scripts with marks do it.
    """
    cluster = regex.search(r"\X\Z", text)
    return len(cluster[0]) if cluster is not None and _EMOJI.search(cluster[0]) else 1


class TextEntry(TextArea):
    """A box for lines of any script."""

    def action_delete_left(self) -> None:
        """Delete what is before the cursor, or what is selected."""
        row, column = self.cursor_location
        length = last_length(self.document.get_line(row)[:column]) if self.selection.is_empty else 1
        if length == 1:
            super().action_delete_left()
        else:
            self.delete((row, column - length), (row, column), maintain_selection_offset=False)

    async def _on_key(self, event: events.Key) -> None:
        if text := typed(event):
            _taken(event)
            self.replace(text, *self.selection, maintain_selection_offset=False)

    async def _on_paste(self, event: events.Paste) -> None:
        _taken(event)
        self.replace(pasted(event.text), *self.selection, maintain_selection_offset=False)


class LineEntry(Input):
    """A field for one line of any script."""

    def action_delete_left(self) -> None:
        """Delete what is before the cursor, or what is selected."""
        end = self.cursor_position
        length = last_length(self.value[:end]) if self.selection.is_empty else 1
        if length == 1:
            super().action_delete_left()
        else:
            self.delete(end - length, end)

    async def _on_key(self, event: events.Key) -> None:
        if text := typed(event):
            _taken(event)
            self._put_in(text)

    def _on_paste(self, event: events.Paste) -> None:
        _taken(event)
        self._put_in(pasted(event.text).replace("\n", " ").replace("\t", " "))

    def _put_in(self, text: str) -> None:
        self.replace(text, *sorted(self.selection))


def _taken(event: events.Key | events.Paste) -> None:
    """Leave nothing for Textual to do."""
    event.stop()
    event.prevent_default()

"""What the keys do, and the dialog that says so."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

#: What the keys do; those with priority do it wherever one is.
BINDINGS: list[BindingType] = [
    Binding("ctrl+q,ctrl+c", "leave", "Quit", priority=True),
    Binding("ctrl+n", "find", "New chat"),
    Binding("f1", "help", "Keys"),
    Binding("tab", "choose", "List", priority=True),
    Binding("escape", "escape", "Back"),
    Binding("ctrl+up,alt+up", "step(-1)", "Chat above", priority=True),
    Binding("ctrl+down,alt+down", "step(1)", "Chat below", priority=True),
    Binding("pageup", "page(-1)", "Older", priority=True),
    Binding("pagedown", "page(1)", "Newer", priority=True),
    Binding("ctrl+end", "newest", "Newest", priority=True),
    Binding("ctrl+r", "reply", "Reply"),
    Binding("f2", "edit", "Edit"),
    Binding("f8", "delete", "Delete"),
    Binding("f3", "group('members')", "Members"),
    Binding("f4", "group('join')", "Join a group"),
    Binding("f5", "group('pins')", "Pinned"),
    Binding("ctrl+p", "group('pin')", "Pin"),
    Binding("ctrl+t", "group('thread')", "Thread"),
    Binding("f7", "group('requests')", "Who asks to join", priority=True),
    Binding("f6", "group('level')", "What disturbs", priority=True),
    Binding("f9", "group('leave')", "Leave the group"),
]

KEYS = """\
Enter  Ctrl+J   send, break the line
PgUp PgDn       older and newer messages
Ctrl+End        the newest
Tab             list of chats; ↑ ↓ and Enter there
Ctrl+↑ Ctrl+↓   the chat above, below
Ctrl+N          find somebody to write to
Ctrl+R          answer the last message; again,
                the one before
↑ or F2   F8    change, delete your last message
F4              join a group: by a code, a link, an
                invitation, or a part of its name
F3   F7         who is in the group, who asks to be
F5   Ctrl+P     what is pinned; pin what you answer
Ctrl+T          the thread of what you answer
F6              what counts there: all, what names
                you or all, what names you, nothing
F9              leave the group
Esc             leave that; else to the list
Ctrl+Q          quit

… sending   ✓ stored   ✓✓ read   @ names you\
"""


class Help(ModalScreen[None]):
    """Shows the keys until one is pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,enter,space,q", "leave", "Leave", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Make the text."""
        with Vertical(id="help"):
            yield Static(KEYS, markup=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)

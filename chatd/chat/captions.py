"""The lines around a chat: its title, who is writing, and the status of the connection."""

import time

from rich.text import Text

from chatd.chat.chats import Chat
from chatd.chat.controller import Controller
from chatd.chat.drawing import clean_line, clipped, joined
from chatd.chat.names import name_of
from chatd.client import Brief, Group

#: Shown until a chat is open.
FIRST_HINT = "Choose a chat with ↑ ↓ and Enter, or Ctrl+N for a new one"

#: What stands behind a group's name where not every message counts, by what does.
QUIETER = {"mentions": ", only @", "named": ", only @you", "none": ", muted"}

HINTS = "^N new · Tab list · F1 keys · ^Q quit"


def status(controller: Controller, width: int) -> Text:
    """Return whether there is a connection, and whose, or when the next try is."""
    state = controller.state
    if controller.client.is_connected and state is not None:
        line = Text.assemble(("● ", "green"), clipped(name_of(state.me), 20))
    elif controller.retry_at is not None:
        seconds = max(1, round(controller.retry_at - time.monotonic()))
        line = Text.assemble(("○ ", "yellow"), f"offline, reconnecting in {seconds} s")
    else:
        line = Text.assemble(("○ ", "yellow"), "connecting…")
    if controller.unsent and not controller.client.is_connected:
        line.append(f" · {controller.unsent} to send", "yellow")
    if state is not None and state.invitations:
        line.append(f" · F4: {len(state.invitations)} invited", "yellow")
    room = width - line.cell_len
    if room > len(HINTS):
        line.append(HINTS.rjust(room), "dim")
    return line


def title(controller: Controller, width: int) -> Text:
    """Return what the open chat is called, and whether the other one is there."""
    chat, state = controller.chat, controller.state
    if state is None:
        return Text()
    if chat is None:
        return Text()
    if isinstance(chat.partner, Group):
        line = Text.assemble("# ", (clipped(chat.name, width - 2), "bold"))
        count = chat.partner.member_count
        about = f"  {count} {'member' if count == 1 else 'members'}{QUIETER.get(chat.level, '')}"
        if line.cell_len + len(about) <= width:
            line.append(about, "dim")
        return line
    dot = ("● ", "green") if chat.place.id in state.online else ("○ ", "dim")
    name = clipped(chat.name, width - 2)
    line = Text.assemble(dot, (name, "bold"))
    username = f"  @{clean_line(chat.partner.username)}"
    if line.cell_len + len(username) <= width:
        line.append(username, "dim")
    return line


def writing(controller: Controller, width: int) -> Text:
    """Return the line that says who is writing in the open chat."""
    chat = controller.chat
    names = [_name_of(chat, user_id) for user_id in controller.writers()] if chat is not None else []
    if not names:
        return Text()
    verb = "is" if len(names) == 1 else "are"
    return Text(clipped(f"{joined(names)} {verb} typing…", width), "dim italic")


def _name_of(chat: Chat | None, user_id: int) -> str:
    if chat is None:
        return ""
    if isinstance(chat.partner, Brief):
        return chat.name
    return next((name_of(each.sender) for each in chat.messages.values() if each.sender_id == user_id), "Somebody")

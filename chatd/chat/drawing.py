"""Messages and lists as lines of text. What others wrote never reaches the terminal as anything but text."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from chatd.chat.chats import Chat, Outgoing
from chatd.chat.names import mark_names, name_of
from chatd.chat.state import State
from chatd.client import Group, Message, Place, UserPlace

#: The columns before what somebody wrote: the time.
INDENT = 6

#: What separates two messages of the same sender as if somebody else had written between, in seconds.
PAUSE = 900

#: Characters that turn text around, and could make it say something else than what it says.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])

#: Control characters become pictures of themselves; a tab becomes spaces.
_CONTROL = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) != "\n"},
    0x7F: "␡",
    **dict.fromkeys(range(0x80, 0xA0), "�"),
    0x09: "    ",
    0x2028: "\n",
    0x2029: "\n",
}

_NAME_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


def clean(text: str) -> str:
    """Return a text as it may be shown: without anything that a terminal would obey."""
    return text.replace("\r\n", "\n").translate(_CONTROL).translate(_TURNING)


def clean_line(text: str) -> str:
    """Return a text as it may be shown in one line."""
    return " ".join(clean(text).split())


def clipped(text: str, width: int) -> str:
    """Return a text as one line of at most ``width`` cells."""
    line = Text(clean_line(text), no_wrap=True)
    line.truncate(max(width, 1), overflow="ellipsis")
    return line.plain


def day_name(day: date, today: date) -> str:
    """Return what a day is called."""
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A}, {day.day} {day:%B %Y}"


def list_lines(state: State, width: int, *, opened: Place | None, chosen: Place | None) -> list[Text]:
    """Return the lines of the list of chats."""
    lines = [
        list_line(chat, state, width, is_open=chat.place == opened, is_chosen=chat.place == chosen)
        for chat in state.ordered
    ]
    return lines or [Text(" Nobody yet: Ctrl+N", "dim", no_wrap=True)]


def list_line(chat: Chat, state: State, width: int, *, is_open: bool, is_chosen: bool) -> Text:
    """Return a chat's line in the list of chats."""
    count = _count(chat)
    online = isinstance(chat.place, UserPlace) and chat.place.id in state.online
    room = width - 4 - cell_len(count)
    name = clipped(chat.name or "…", room)
    line = Text(no_wrap=True)
    line.append("▌" if is_open else " ", "bold")
    line.append("# " if isinstance(chat.partner, Group) else "● " if online else "○ ", "green" if online else "dim")
    is_quiet = chat.level == "none" and not chat.mentions
    line.append(name, "bold" if chat.unread and not is_quiet else None)
    line.append(" " * (room - cell_len(name)))
    line.append(count, "dim" if is_quiet else "bold yellow")
    line.append(" ")
    if is_chosen:
        line.stylize("reverse")
    return line


def _count(chat: Chat) -> str:
    """Return how much is unread, as its level has it: a number, or a dot; and how much of it names one."""
    names = f" @{min(chat.mentions, 999)}" if chat.mentions else ""
    if not chat.unread:
        return ""
    if chat.level != "all":
        return f"{names} •"
    return f"{names} {chat.unread}" if chat.unread < 1000 else f"{names} 999+"


class Drawing:
    """Draws a history, and keeps what it drew: most of it is the same the next time."""

    def __init__(self, console: Console) -> None:
        """Create one that wraps lines as ``console`` does."""
        self._console = console
        self._drawn: dict[object, list[Text]] = {}

    def hint(self, text: str, width: int) -> list[Text]:
        """Return the lines of a hint that is shown in place of a history."""
        return list(Text(text, "dim").wrap(self._console, width))

    def history(self, chat: Chat, state: State, width: int, now: datetime) -> list[tuple[int, list[Text]]]:
        """Return the lines of a history, message by message, with the ids of these: 0 for what has none."""
        drawn: dict[object, list[Text]] = {}
        blocks: list[tuple[int, list[Text]]] = []
        today = now.astimezone().date()
        last_sender, last_at, last_day = 0, None, None
        items: list[Message | Outgoing] = [*chat.history, *chat.outgoing]
        for item in items:
            at = (item.at if isinstance(item, Outgoing) else item.created_at).astimezone()
            sender = state.me if isinstance(item, Outgoing) else item.sender
            is_new_day = at.date() != last_day
            is_pause = last_at is not None and (at - last_at).total_seconds() > PAUSE
            heading = is_new_day or sender.id != last_sender or is_pause
            lines: list[Text] = []
            if is_new_day:
                lines.append(_rule(day_name(at.date(), today), width))
            if heading:
                if not is_new_day:
                    lines.append(Text())
                is_me = sender.id == state.me.id
                name = "You" if is_me else clipped(name_of(sender), width)
                colour = "" if is_me else _NAME_COLOURS[sender.id % len(_NAME_COLOURS)]
                lines.append(Text(name, f"bold {colour}".strip(), no_wrap=True))
            mark = _mark(item, chat, state)
            replied = None if item.reply_to is None else chat.messages.get(item.reply_to)
            key = (
                width,
                at,
                replied,
                mark.plain,
                item if isinstance(item, Message) else (item.client_id, item.reply_to),
            )
            body = self._drawn.get(key)
            drawn[key] = body = self._body(item, at, mark, replied, state, width) if body is None else body
            blocks.append((item.id if isinstance(item, Message) else 0, lines + body))
            last_sender, last_at, last_day = sender.id, at, at.date()
        self._drawn = drawn
        return blocks

    def _body(
        self, item: Message | Outgoing, at: datetime, mark: Text, replied: Message | None, state: State, width: int
    ) -> list[Text]:
        room = max(width - INDENT, 8)
        parts: list[Text] = []
        if item.reply_to is not None:
            is_to_me = replied is not None and replied.sender_id == state.me.id != _sender_id(item, state)
            style = "bold yellow" if is_to_me else "dim"
            parts.append(Text(_quoted(replied, state, room), style, no_wrap=True))
        if isinstance(item, Message) and item.deleted_at is not None:
            content = Text("message deleted", "dim italic")
        else:
            content = Text(clean(item.content))
            if isinstance(item, Message):
                mark_names(content, item, state.me)
            if isinstance(item, Message) and item.edited_at is not None:
                content.append(" (edited)", "dim")
            content.append_text(mark)
        parts.extend(content.wrap(self._console, room, no_wrap=False))
        if isinstance(item, Message) and item.reactions:
            parts.extend(_reactions(item, state).wrap(self._console, room))
        if isinstance(item, Message) and item.replies:
            parts.append(Text(f"↳ {item.replies} {'answer' if item.replies == 1 else 'answers'}", "dim"))
        lines = []
        for number, part in enumerate(parts):
            part.rstrip()
            line = Text(no_wrap=True)
            line.append(f"{at:%H:%M} " if number == 0 else " " * INDENT, "dim")
            lines.append(line.append_text(part))
        return lines


def _sender_id(item: Message | Outgoing, state: State) -> int:
    return state.me.id if isinstance(item, Outgoing) else item.sender_id


def _mark(item: Message | Outgoing, chat: Chat, state: State) -> Text:
    """Return how far a message of one's own has come."""
    if isinstance(item, Outgoing):
        if item.problem is not None:
            return Text(f" ✗ not sent: {clean_line(item.problem)}", "red")
        return Text(" … sending", "dim")
    if item.sender_id != state.me.id:
        return Text()
    if item.id <= chat.others_read_up_to or item.is_read:
        return Text(" ✓✓", "green")
    return Text(" ✓", "dim")


def _quoted(message: Message | None, state: State, room: int) -> str:
    if message is None:
        return "↪ an earlier message"
    name = "You" if message.sender_id == state.me.id else name_of(message.sender)
    said = "message deleted" if message.deleted_at is not None else message.content
    return "↪ " + clipped(f"{name}: {said}", room - 2)


def _reactions(message: Message, state: State) -> Text:
    text = Text()
    for each in message.reactions:
        mine = state.me.id in each.user_ids
        count = f" {each.count}" if each.count > 1 else ""
        text.append(f"{clean_line(each.emoji)}{count}", "bold" if mine else "dim")
        text.append("  ")
    return text


def _rule(name: str, width: int) -> Text:
    return Text(f" {name} ".center(width, "─")[:width], "dim", no_wrap=True)


def joined(names: Iterable[str]) -> str:
    """Return names as a sentence has them."""
    *first, last = list(names)
    return f"{', '.join(first)} and {last}" if first else last

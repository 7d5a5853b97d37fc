"""What people are called on the screen, and where a message names one."""

import unicodedata

import regex  # type: ignore[import-untyped]
from rich.text import Text

from chatd.client import Brief, Message

_SEEN = regex.compile(r"[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]")


def name_of(person: Brief) -> str:
    """Return somebody's nickname, or their username where nothing can be seen of it.

    There are such nicknames from before they were refused.
    """
    return person.nickname if _SEEN.search(person.nickname) else person.username


#: What may be a name in a message: an ``@`` that follows no letter, digit or ``_``, and what belongs to it.
_NAMED = regex.compile(r"(?<![\p{L}\p{N}_])@([\p{L}\p{M}\p{N}._-]+)")


def mark_names(content: Text, message: Message, me: Brief) -> None:
    """Mark where a message to a group names ``me``, or everybody with effect."""
    names = {_folded(me.username)} if me.id in message.mentions else set()
    names |= {"all"} if message.mentions_all else set()
    for match in _NAMED.finditer(content.plain) if names else ():
        written = _folded(match[1])
        if written in names or written.rstrip("._-") in names:
            content.stylize("bold yellow", *match.span())


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()

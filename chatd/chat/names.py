"""What people are called on the screen."""

import regex  # type: ignore[import-untyped]

from chatd.client import Brief

_SEEN = regex.compile(r"[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]")


def name_of(person: Brief) -> str:
    """Return somebody's nickname, or their username where nothing can be seen of it.

    There are such nicknames from before they were refused.
    """
    return person.nickname if _SEEN.search(person.nickname) else person.username

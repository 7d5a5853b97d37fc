"""Reactions: which signs can be one, when two are the same, and how one is shown."""

import unicodedata
from functools import lru_cache

from chatd.services.characters import EMOJI, HIDDEN, compiled

#: One sign: an emoji, or a letter, digit or other symbol (Unicode's So) with at most four marks on it, the most that
#: Unicode Technical Standard #39, section 5.4, lets through.
_ONE_SIGN = rf"{EMOJI}|[[\p{{L}}\p{{N}}\p{{So}}]--[{HIDDEN}]][[\p{{Mn}}\p{{Mc}}]--[{HIDDEN}]]{{0,4}}"

_SELECTORS = r"\p{Variation_Selector}+"

#: A character drawn as text unless something, such as a skin tone or a keycap, makes it an emoji.
_NEEDS_SELECTOR = r"[\p{Emoji}--[\p{Emoji_Presentation}\#*0-9]](?!\p{Emoji_Modifier})|[\#*0-9](?=\u20e3)"


def is_reaction(text: str) -> bool:
    """Report whether ``text`` is one visible sign."""
    return compiled(_ONE_SIGN).fullmatch(text) is not None


def reaction_key(text: str) -> str:
    """Return the stored form of a reaction: without variation selectors, which do not change the sign."""
    return unicodedata.normalize("NFC", compiled(_SELECTORS).sub("", text))


@lru_cache(maxsize=1024)
def shown_reaction(key: str) -> str:
    """Return a stored reaction as it is shown: an emoji in colour, with a selector if it needs one.

    This is the fully-qualified form of Unicode Technical Standard #51, section 1.4.5, that keyboards send.
    """
    shown: str = compiled(_NEEDS_SELECTOR).sub(lambda found: f"{found[0]}\ufe0f", reaction_key(key))
    return shown

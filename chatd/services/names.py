"""When two names are the same."""

import unicodedata


def folded(text: str) -> str:
    """Return ``text`` after NFKC and case folding, composed again: equal for names that look or sound alike.

    The order is that of a caseless compatibility match: the Unicode Standard, section 3.13.5, D146.
    """
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def search_key(username: str, nickname: str) -> str:
    """Return what a search for a person looks in."""
    return f"{folded(username)}\n{folded(nickname)}"

"""When two names are the same."""

import unicodedata

#: The longest way to write a username, in code points: it has 50, of each of which normalization makes at most 18
#: (UAX #15, section 9).
WRITTEN_MAX = 50 * 18


def folded(text: str) -> str:
    """Return ``text`` after NFKC and case folding, composed again: equal for names that look or sound alike.

    The order is that of a caseless compatibility match: the Unicode Standard, section 3.13.5, D146.
    """
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def account_key(username: str) -> str:
    """Return what an account is found by when somebody signs in.

    It is empty, as nobody is called, for what is too long to be a username in any form: the time that folding takes
    grows with the square of the number of marks.
    """
    return folded(username) if len(username) <= WRITTEN_MAX else ""


def search_key(username: str, nickname: str) -> str:
    """Return what a search for a person looks in."""
    return f"{folded(username)}\n{folded(nickname)}"

"""Names: when two are the same, and which ones a search finds."""

import unicodedata

from chatd.services.characters import compiled

#: The longest username, in code points after folding.
USERNAME_MAX = 50

#: The shortest usernames: of Latin, Greek or Cyrillic letters or only digits, and of other scripts, in which a single
#: character may be a word.
USERNAME_MIN = 3
USERNAME_MIN_ELSEWHERE = 2

#: The longest spelling of a username, in code points: each of its 50 comes from at most 18 before normalization
#: (UAX #15, section 9).
WRITTEN_MAX = USERNAME_MAX * 18

#: The rule for the keys of names, as it is stored. Keys made by another rule are renewed at the next start. Versions of
#: Unicode agree about every character that the older one knows; a newer Python may only know more.
KEYS = f"NFKC_Casefold 1, Unicode {unicodedata.unidata_version}"

#: The scripts whose marks a search ignores, for a set in a pattern: in others a mark is a vowel or part of a letter.
_MARKED = r"\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}"


def folded(text: str) -> str:
    """Return ``text`` in the form by which names are compared: equal for names that look or sound alike.

    This is toNFKC_Casefold of the Unicode Standard, section 3.13.3: a caseless compatibility form without the
    characters that a program may leave out (Default_Ignorable_Code_Point).
    """
    return _casefolded(compiled(r"\p{Default_Ignorable_Code_Point}+").sub("", text))


def _casefolded(text: str) -> str:
    """Return ``text`` after NFKC and case folding, composed again.

    The order is that of a caseless compatibility match: the Unicode Standard, section 3.13.5, D146.
    """
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def account_key(username: str) -> str:
    """Return the key that an account is found by; white space around the name does not count.

    It is empty, and nobody's, for a text too long to be any spelling of a username: the time to fold it would grow with
    the square of the number of marks.
    """
    return folded(username.strip()) if len(username) <= WRITTEN_MAX else ""


def account_keys(username: str) -> tuple[str, ...]:
    """Return the keys an account may be stored under, to be tried in this order.

    Names from before this rule may differ only in invisible characters. Each still has an account of its own and is
    found by its exact spelling; every other spelling leads to the account whose name has no such characters.
    """
    if len(username) > WRITTEN_MAX:
        return ()
    return tuple(dict.fromkeys(filter(None, (_casefolded(username.strip()), account_key(username)))))


def username_min(username: str) -> int:
    """Return how many code points a username needs, by its script.

    :param username: folded.
    """
    has_letters = any(character.isalpha() for character in username)
    return USERNAME_MIN if not has_letters or compiled(f"[{_MARKED}]").search(username) else USERNAME_MIN_ELSEWHERE


def searched(text: str) -> str:
    """Return ``text`` as a search compares it: folded, without marks on letters of some scripts, spaces made equal."""
    plain = compiled(rf"(?<=[{_MARKED}])\p{{Mn}}+").sub("", unicodedata.normalize("NFD", folded(text)))
    return " ".join(unicodedata.normalize("NFC", plain).split())


def search_key(username: str, nickname: str) -> str:
    """Return what a search for a person looks in."""
    return f"{searched(username)}\n{searched(nickname)}"

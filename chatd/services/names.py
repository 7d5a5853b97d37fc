"""When two names are the same, and what a search for one finds."""

import unicodedata

from chatd.services.characters import compiled

#: The longest username, in code points after folding.
USERNAME_MAX = 50

#: The shortest ones: with Latin, Greek or Cyrillic letters, or of digits alone; and with letters of other scripts only,
#: where one may be a word.
USERNAME_MIN = 3
USERNAME_MIN_ELSEWHERE = 2

#: The longest way to write a username, in code points: it has 50, of each of which normalization makes at most 18
#: (UAX #15, section 9).
WRITTEN_MAX = USERNAME_MAX * 18

#: The rule for the keys of names, as it is stored. Keys made by another rule are made again at the next start. Versions
#: of Unicode agree about every character that the older one knows; a newer Python may only know more.
KEYS = f"NFKC_Casefold 1, Unicode {unicodedata.unidata_version}"

#: The scripts whose marks a search ignores, for a set in a pattern: in others a mark is a vowel or part of a letter.
_MARKED = r"\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}"


def folded(text: str) -> str:
    """Return ``text`` as names are compared: equal for names that look or sound alike.

    This is toNFKC_Casefold of the Unicode Standard, section 3.13.3: a compatibility form that knows no case, without
    what a program may leave out (Default_Ignorable_Code_Point).
    """
    return _casefolded(compiled(r"\p{Default_Ignorable_Code_Point}+").sub("", text))


def _casefolded(text: str) -> str:
    """Return ``text`` after NFKC and case folding, composed again.

    The order is that of a caseless compatibility match: the Unicode Standard, section 3.13.5, D146.
    """
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def account_key(username: str) -> str:
    """Return what an account is found by, without white space around it.

    It is empty, which is nobody's name, for what is too long to be a username in any form: the time that folding takes
    grows with the square of the number of marks.
    """
    return folded(username.strip()) if len(username) <= WRITTEN_MAX else ""


def account_keys(username: str) -> tuple[str, ...]:
    """Return the keys an account may be stored under; the first that belongs to somebody is the one.

    Names from before this rule may differ only in invisible characters. Each still has its own account, and is found as
    it is written; any other way to write it leads to the account whose name has none of them.
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

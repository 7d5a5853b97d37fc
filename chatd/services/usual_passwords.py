"""Common passwords, which are guessed first.

The list holds the thousand most common passwords, and the thousand most common of eight characters or more, by two
counts of leaked ones: Have I Been Pwned's in Django 5.2 (made by Royce Williams), and Mark Burnett's ten million in
zxcvbn 4.5. All are in lower case.
"""

from functools import cache
from pathlib import Path

from chatd.services.names import folded

_LIST = Path(__file__).with_suffix(".txt")


def is_usual(password: str) -> bool:
    """Report whether a password is on the list, in any case.

    :param password: in its prepared form, as it is hashed.
    """
    return password.strip().casefold() in _usual()


def is_like_username(password: str, username: str) -> bool:
    """Report whether a password is the username in any spelling, forwards or backwards."""
    if len(password) > 4 * len(username):  # folding a long one could take long
        return False
    name, word = folded(username), folded(password.strip())
    return word in (name, name[::-1])


@cache
def _usual() -> frozenset[str]:
    return frozenset(_LIST.read_text(encoding="utf-8").splitlines())

"""Passwords that are guessed first, because so many people have them.

The list holds the thousand most usual passwords, and the thousand most usual of eight characters and more,
by two counts of leaked ones: that of Have I Been Pwned as Django 5.2 has it (made by Royce Williams), and that of Mark
Burnett's ten million as zxcvbn 4.5 has it. All are in lower case.
"""

from functools import cache
from pathlib import Path

from chatd.services.names import folded

_LIST = Path(__file__).with_suffix(".txt")


def is_usual(password: str) -> bool:
    """Tell whether a password is among the most usual, in any case.

    :param password: as it is hashed.
    """
    return password.strip().casefold() in _usual()


def is_like_username(password: str, username: str) -> bool:
    """Tell whether a password is the username, however written, or the username backwards."""
    if len(password) > 4 * len(username):  # folding a long one could take long
        return False
    name, word = folded(username), folded(password.strip())
    return word in (name, name[::-1])


@cache
def _usual() -> frozenset[str]:
    return frozenset(_LIST.read_text(encoding="utf-8").splitlines())

"""How a setting is declared: its default, what it does, and which values it takes."""

from collections.abc import Callable
from dataclasses import field
from typing import Any

from chatd.config import values


def setting(
    default: Any,
    text: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    kept: Callable[[Any], Any] | None = None,
    path: bool = False,
    lone: bool = False,
    secret: bool = False,
) -> Any:
    """Declare a setting.

    :param text: what it does, for a person, with its unit.
    :param at_least: the smallest value allowed.
    :param at_most: the largest value allowed.
    :param kept: normalizes a well-typed value, or raises ``ValueError`` with the reason, which never repeats a secret.
    :param path: whether it is the path of a file or directory, in which ``~`` stands for a home directory.
    :param lone: whether a single string may stand for a list of one.
    :param secret: whether the value must never be shown.
    """
    rule = {
        "text": text,
        "at_least": at_least,
        "at_most": at_most,
        "kept": values.path if path else kept,
        "path": path,
        "lone": lone,
        "secret": secret,
    }
    return field(default=default, repr=not secret, metadata=rule)


def hosts_setting(text: str) -> Any:
    """Declare the addresses of a listener: by default the one that this machine alone reaches.

    :param text: what listens there, for a person.
    """
    text = f"{text}, one or a list of them; :: is every address of IPv6 and IPv4."
    return setting(("127.0.0.1",), text, kept=values.hosts, lone=True)

"""Who a program is and where its server is, from environment variables."""

import os
from collections.abc import Mapping
from pathlib import Path

from yarl import URL

from chatd.client.errors import NotConfigured

#: Where the server is where ``CHAT_URL`` does not say so.
DEFAULT_URL = "http://127.0.0.1:8000"


def settings(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the arguments of a :class:`~chatd.client.Client` that environment variables give.

    ``CHAT_URL`` is where the server is, by default ``http://127.0.0.1:8000``. The token is ``CHAT_TOKEN``, or stands in
    the file that ``CHAT_TOKEN_FILE`` names; a person may give ``CHAT_USERNAME`` and ``CHAT_PASSWORD`` instead. One that
    is empty counts as one that is not there.

    :param environment: the variables; by default those of the process.
    :raises NotConfigured: if one is missing or cannot be used.
    """
    given = {name: value for name, value in (os.environ if environment is None else environment).items() if value}
    try:
        found = {"url": checked_url(given.get("CHAT_URL", DEFAULT_URL))}
    except ValueError as error:
        raise NotConfigured(f"CHAT_URL is {error}") from None
    if "CHAT_TOKEN" in given:
        found["token"] = _token(given["CHAT_TOKEN"], "CHAT_TOKEN")
    elif "CHAT_TOKEN_FILE" in given:
        try:
            text = Path(given["CHAT_TOKEN_FILE"]).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise NotConfigured(f"CHAT_TOKEN_FILE cannot be read: {error}") from None
        found["token"] = _token(text, "CHAT_TOKEN_FILE")
    elif "CHAT_USERNAME" in given or "CHAT_PASSWORD" in given:
        for name in ("CHAT_USERNAME", "CHAT_PASSWORD"):
            if name not in given:
                raise NotConfigured(f"{name} is not set")
            if not _is_text(given[name]):
                raise NotConfigured(f"{name} is not in the encoding of this program's environment")
        found |= {"username": given["CHAT_USERNAME"], "password": given["CHAT_PASSWORD"]}
    else:
        raise NotConfigured("CHAT_TOKEN is not set: a bot's token is made by `chatd user add NAME --bot`")
    return found


def checked_url(url: str) -> str:
    """Return the address of a server, if it can be one.

    :raises ValueError: if it cannot.
    """
    try:
        parsed = URL(url)
        is_one = parsed.scheme in ("http", "https") and url.isprintable() and " " not in url
        if is_one and (host := parsed.raw_host) and parsed.port:
            host.encode("idna")  # as it is when its address is looked up
            return url
    except ValueError:
        pass
    raise ValueError(f"not an http:// or https:// address: {url!r}")


def _is_text(value: str) -> bool:
    """Report whether a variable could be decoded: Python keeps the bytes that could not as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _token(text: str, name: str) -> str:
    """Return a token that can stand in a header."""
    token = text.strip()
    if not token or not all("!" <= character <= "~" for character in token):
        raise NotConfigured(f"{name} has no token in it")
    return token

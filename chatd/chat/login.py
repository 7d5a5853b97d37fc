"""From the command line to the chat: who it is, a token for them, and what to say when there is none."""

import asyncio
import getpass
import logging
import sys
import warnings
from pathlib import Path

from chatd.chat.ending import Ending
from chatd.chat.tokens import Tokens
from chatd.client import ChatError, Refused, Rest

DEFAULT_URL = "http://127.0.0.1:8000"


class LoginFailed(Exception):
    """There is no token; the message says why in one line."""


def run(url: str | None, username: str | None, *, log_out: bool = False, path: Path | None = None) -> int:
    """Chat, or log out, and return the exit status.

    :param url: where the server is; None for the last one, or else one on this machine.
    :param username: who; None for who it was the last time.
    :param path: the file of tokens, if it is not where it always is.
    """
    logging.getLogger("chatd").addHandler(logging.NullHandler())  # the screen is the chat's
    tokens = Tokens(path)
    address = (url or tokens.last_url() or DEFAULT_URL).rstrip("/")
    try:
        if log_out:
            asyncio.run(_log_out(address, username, tokens))
        else:
            return _chat(address, username, tokens)
    except (LoginFailed, Ending) as error:
        return _fail(str(error))
    except ChatError as error:
        return _fail(error.detail)
    except (OSError, ValueError) as error:
        return _fail(str(error))
    return 0


def _chat(url: str, username: str | None, tokens: Tokens) -> int:
    from chatd.chat.app import ChatApp

    while True:
        username, token = asyncio.run(_token(url, username, tokens))

        app = ChatApp(url, token)
        ending = app.run(mouse=False)
        if ending is None:
            return app.return_code or 0
        if not ending.sign_in:
            raise ending
        tokens.forget(url, username)
        _say(str(ending))


async def _token(url: str, username: str | None, tokens: Tokens) -> tuple[str, str]:
    """Return a user's name and a token that works: the one that is kept, or a new one for a password."""
    username = username or tokens.last_user(url)
    async with Rest(url) as rest:
        if username and (token := tokens.get(url, username)):
            rest.token = token
            try:
                await rest.me()
                tokens.keep(url, username, token)
                return username, token
            except Refused as error:
                if error.status != 401:
                    raise
                tokens.forget(url, username)
                _say("The last login is not valid any more.")
        await rest.check_server()  # before somebody types a password
        username, password = _asked(url, username)
        try:
            token = await rest.login(username, password)
        except Refused as error:
            raise LoginFailed(error.detail) from None
    tokens.keep(url, username, token)
    return username, token


async def _log_out(url: str, username: str | None, tokens: Tokens) -> None:
    username = username or tokens.last_user(url)
    token = tokens.get(url, username) if username else None
    if username is None or token is None:
        raise LoginFailed(f"nobody is logged in at {url}" if username is None else f"{username} is not logged in")
    async with Rest(url, token=token) as rest:
        try:
            await rest.logout()
        except Refused as error:
            if error.status != 401:
                raise
    tokens.forget(url, username)
    _say(f"{username} is logged out")


def _asked(url: str, username: str | None) -> tuple[str, str]:
    """Ask for a name and a password, on a terminal that does not show it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            if not username:
                _say(f"Logging in at {url}")
                username = input("Username: ").strip()
            return username, getpass.getpass(f"Password of {username}: ")
    except (EOFError, getpass.GetPassWarning):
        raise LoginFailed("there is no terminal to ask for the password") from None


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _fail(line: str) -> int:
    _say(f"chatd: {line}")
    return 1

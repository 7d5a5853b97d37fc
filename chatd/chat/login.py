"""From the command line to the chat: who the user is, and a token for them."""

import asyncio
import contextlib
import getpass
import logging
import os
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
    """Chat, or log out, and return the exit status: 2 where there is no terminal to chat in.

    :param url: where the server is; None for the last one, or else one on this machine.
    :param username: of the user; None for the last one.
    :param path: the file of tokens, if it is not where it always is.
    """
    if not log_out and (problem := _wrong_terminal()):
        return _fail(problem, 2)
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


def _wrong_terminal() -> str | None:
    """Return why there can be no screen; then nothing is asked, sent or drawn. None where there can be one."""
    for name, stream in (("input", sys.__stdin__), ("output", sys.__stdout__), ("error", sys.__stderr__)):
        if stream is None or stream.closed or not stream.isatty():
            return f"chat needs a terminal, and standard {name} is not one; programs use chatd.client"
    if os.environ.get("TERM") in ("dumb", "unknown"):
        return f"chat needs a terminal with a screen, and this one says that it has none (TERM={os.environ['TERM']})"
    return None


def _chat(url: str, username: str | None, tokens: Tokens) -> int:
    from chatd.chat.app import ChatApp

    while True:
        username, token = _signed_in(url, username, tokens)
        app = ChatApp(url, token)
        ending = app.run(mouse=False)
        if ending is None:
            return app.return_code or 0
        if not ending.sign_in:
            raise ending
        tokens.forget(url, username)
        _say(str(ending))


def _signed_in(url: str, username: str | None, tokens: Tokens) -> tuple[str, str]:
    """Return a user's name and a token that works: the one that is kept, or a new one for a password."""
    username = username or tokens.last_user(url)
    token = asyncio.run(_kept(url, username, tokens))
    if username is None or token is None:
        username, password = _asked(url, username)  # outside of the loop, where Ctrl-C ends it
        token = asyncio.run(_new(url, username, password))
    tokens.keep(url, username, token)
    return username, token


async def _kept(url: str, username: str | None, tokens: Tokens) -> str | None:
    """Return the token that is kept, if it works; otherwise make sure that there is a server to ask for one."""
    async with Rest(url) as rest:
        if username and (token := tokens.get(url, username)):
            rest.token = token
            try:
                await rest.me()
                return token
            except Refused as error:
                if error.status != 401:
                    raise
                tokens.forget(url, username)
                _say("The last login is not valid any more.")
        await rest.check_server()
        return None


async def _new(url: str, username: str, password: str) -> str:
    async with Rest(url) as rest:
        try:
            return await rest.login(username, password)
        except Refused as error:
            raise LoginFailed(error.detail) from None


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
            username.encode()  # or it is not in the encoding that the terminal was said to have
            return username, getpass.getpass(f"Password of {username}: ")
    except UnicodeError:
        raise LoginFailed("that is not text in the encoding of this terminal") from None
    except (EOFError, getpass.GetPassWarning):
        raise LoginFailed("there is no terminal to ask for the password") from None


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _fail(line: str, status: int = 1) -> int:
    _say(f"chatd: {line}")
    return status

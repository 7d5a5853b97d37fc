"""``chatd user``: accounts."""

import argparse
import sys
from typing import TYPE_CHECKING

from chatd import clock
from chatd.cli.database import read, write
from chatd.cli.location import Use
from chatd.cli.parsing import Commands, text
from chatd.errors import ConfigurationError

if TYPE_CHECKING:
    from marshmallow import Schema

    from chatd.config import Config
    from chatd.services.tokens import Tokens

#: How long a bot's token lasts by default, in days: ten years. It can be revoked at any time.
BOT_TOKEN_DAYS = 3650

#: The longest it may last, in days: a hundred years, as for ``[accounts] token_days``.
BOT_TOKEN_DAYS_MAX = 36_500

#: Printed about a token, besides the line with the token itself.
HOW_TO_KEEP = (
    "the last word of the line is the token, which is not shown again: give it to the bot as CHAT_TOKEN, "
    "or in the file that CHAT_TOKEN_FILE names; `chatd user token NAME` makes a new one"
)


def add_to(commands: Commands) -> None:
    """Add the commands."""
    user = commands.group("user", "Manage accounts.")
    add = user.add("add", _user_add, "Make accounts.", use=Use.MAKES)
    add.add_argument("names", nargs="+", metavar="NAME", type=text, help="a username")
    add.add_argument("--nickname", metavar="NAME", type=text, help="the name others see; the username by default")
    add.add_argument("--bot", action="store_true", help="without a password; prints a line 'id name token' each")
    token = user.add("token", _user_token, "Make a bot a new token, printed as 'id name token', and end the old ones.")
    for parser in (add, token):
        parser.add_argument("--days", type=float, help="how long a bot's token lasts (ten years)")
    user.add("list", _user_list, "List accounts: id, name, kind, state, since when.")
    password = user.add("password", _user_password, "Set a person's new password and end all their sessions.")
    disable = user.add("disable", _user_disable, "Shut an account out and end all its sessions.")
    enable = user.add("enable", _user_enable, "Let a disabled account sign in again.")
    delete = user.add("delete", _user_delete, "Delete an account and everything its user wrote.")
    delete.add_argument("--yes", action="store_true", help="do not ask whether it is meant")
    for parser in (token, password, disable, enable, delete):
        parser.add_argument("name", metavar="NAME", type=text, help="the username")
    for parser in (add, password):
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def _user_add(settings: "Config", options: argparse.Namespace) -> None:
    from chatd import schemas
    from chatd.services import accounts

    names = [_validated(schemas.RegisterBody(), "username", name) for name in options.names]
    if options.nickname is not None and len(names) > 1:
        raise ConfigurationError("--nickname: is the name of one account, and there are several")
    nicknames = [
        _validated(
            schemas.RegisterBody(),
            "nickname",
            name[: schemas.NAME_MAX] if options.nickname is None else options.nickname,
        )
        for name in names
    ]
    now = clock.now()
    if options.bot:
        if options.password_stdin:
            raise ConfigurationError("--password-stdin: a bot has no password")
        lifetime_ms = _lifetime_ms(options.days)
        tokens = _tokens(settings)
        issued = write(
            settings,
            lambda tx: [
                accounts.create_bot(tx, name, nickname, now=now, lifetime_ms=lifetime_ms)
                for name, nickname in zip(names, nicknames, strict=True)
            ],
        )
        for name, session in zip(names, issued, strict=True):
            print(session.user_id, name, tokens.issue(session))
        print(HOW_TO_KEEP, file=sys.stderr)
        return
    if len(names) > 1:
        raise ConfigurationError("one person at a time: each has a password (or --bot for accounts without)")
    if options.days is not None:
        raise ConfigurationError("--days: is for the token of a bot (--bot); [accounts] token_days is for people")
    password_hash = _hash(_new_password(settings, options, names[0]))
    user = write(settings, lambda tx: accounts.create(tx, names[0], nicknames[0], password_hash, now=now))
    print(f"{user.id} {user.username} {user.role}")


def _user_token(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.models import User
    from chatd.services import accounts
    from chatd.storage.commit import Transaction

    def bot(tx: Transaction) -> User:
        user = accounts.find(tx, options.name)
        if not user.is_ai:
            again = f"`chatd user password {user.username}` sets a new password"
            raise ConfigurationError(f"{user.username} is a person, who signs in with a password: {again}")
        if user.disabled_at is not None:
            raise ConfigurationError(f"{user.username} is disabled: `chatd user enable {user.username}` comes first")
        return user

    lifetime_ms = _lifetime_ms(options.days)
    name = write(settings, bot).username  # before a key is made for nobody
    tokens = _tokens(settings)
    now = clock.now()
    session = write(settings, lambda tx: accounts.new_token(tx, bot(tx).id, now=now, lifetime_ms=lifetime_ms))
    print(session.user_id, name, tokens.issue(session))
    print(f"{name} has a new token; the sessions of older ones have ended", file=sys.stderr)
    print(HOW_TO_KEEP, file=sys.stderr)


def _user_list(settings: "Config", _: argparse.Namespace) -> None:
    from chatd.schemas import iso_time
    from chatd.storage import users

    for user in read(settings, users.all_users):
        kind = "bot" if user.is_ai else user.role
        state = "deleted" if user.is_deleted else "disabled" if user.disabled_at is not None else "enabled"
        print(f"{user.id}\t{user.username}\t{kind}\t{state}\t{iso_time(user.created_at)}")


def _user_password(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.services import accounts
    from chatd.storage.commit import Transaction

    def person(tx: Transaction) -> int:
        user = accounts.find(tx, options.name)
        if user.is_ai:
            again = f"`chatd user token {user.username}` makes it a new token"
            raise ConfigurationError(f"{user.username} is a bot, which has no password: {again}")
        return user.id

    write(settings, person)  # before anybody types a password
    password_hash = _hash(_new_password(settings, options, options.name))
    write(settings, lambda tx: accounts.set_password(tx, person(tx), password_hash))
    print(f"{options.name} has a new password; all sessions have ended")


def _user_disable(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.services import accounts

    write(settings, lambda tx: accounts.disable(tx, accounts.find(tx, options.name).id, now=clock.now()))
    print(f"{options.name} is disabled; all sessions have ended")


def _user_enable(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.services import accounts

    write(settings, lambda tx: accounts.enable(tx, accounts.find(tx, options.name).id))
    print(f"{options.name} is enabled")


def _user_delete(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.services import accounts

    if not options.yes:
        try:
            repeated = input("This cannot be undone. The username once more: ")
        except EOFError:
            raise ConfigurationError("there is nobody to ask whether this is meant: use --yes") from None
        if repeated.encode(errors="surrogateescape") != options.name.encode():
            raise ConfigurationError("that is another name; nothing was deleted")
    write(settings, lambda tx: accounts.delete(tx, accounts.find(tx, options.name).id, now=clock.now()))
    print(f"{options.name} is deleted; what they wrote goes now, or when the server next runs")


def _lifetime_ms(given: float | None) -> int:
    days = BOT_TOKEN_DAYS if given is None else given
    if not 0 < days <= BOT_TOKEN_DAYS_MAX:
        raise ConfigurationError(f"--days: must be above 0 and at most {BOT_TOKEN_DAYS_MAX}")
    return int(days * clock.DAY_MS)


def _tokens(settings: "Config") -> "Tokens":
    import os

    from chatd import data_dir
    from chatd.cli.database import bring_up_to_date
    from chatd.services import keys
    from chatd.services.tokens import Tokens
    from chatd.storage import sessions

    data_dir.prepare(settings.data_dir)
    if keys.is_shared(settings):
        bring_up_to_date(settings)
        return Tokens(keys.signing_key(settings))
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    is_new = not data_dir.key_path(settings.data_dir, credentials).exists()
    if is_new and settings.database_file.exists() and read(settings, sessions.are_there):  # by a key that is elsewhere
        raise ConfigurationError(
            f"there is no signing key in {settings.data_dir}, and tokens by a new one would be worth nothing: where "
            "the service has it as a credential, name the credential's directory in CREDENTIALS_DIRECTORY; where it is "
            "lost, start chatd once"
        )
    return Tokens(data_dir.signing_key(settings.data_dir, credentials))


def _hash(password: str) -> str:
    import asyncio

    from chatd.services.passwords import Passwords

    passwords = Passwords()
    try:
        return asyncio.run(passwords.hash(password))
    finally:
        passwords.close()


def _new_password(settings: "Config", options: argparse.Namespace, username: str) -> str:
    from marshmallow import ValidationError

    from chatd import schemas

    if options.password_stdin:
        password = sys.stdin.buffer.readline().decode(errors="surrogateescape").rstrip("\r\n")
    else:
        password = _asked_password()
    schema = schemas.RegisterBody(password_min=settings.accounts.password_min)
    try:
        schemas.refuse_username_as_password(password, username, "password")
    except ValidationError as error:
        raise ConfigurationError(schemas.problem(error).detail) from None
    return _validated(schema, "password", password)


def _asked_password() -> str:
    """Ask for a password twice, on a terminal that does not show it."""
    import getpass
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            password = getpass.getpass("New password: ")
            if getpass.getpass("Again: ") != password:
                raise ConfigurationError("the two passwords differ")
    except (EOFError, getpass.GetPassWarning):
        raise ConfigurationError("there is no terminal to ask for the password: use --password-stdin") from None
    except UnicodeDecodeError:
        raise ConfigurationError("password: what was typed is not text in the encoding of this terminal") from None
    return password


def _validated(schema: "Schema", field: str, value: str) -> str:
    problems = schema.validate({field: value}, partial=True)
    if problems:
        raise ConfigurationError(f"{field}: {problems[field][0]}")
    return value

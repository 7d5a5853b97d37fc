"""The command line: thin, one function a command."""

import argparse
import asyncio
import getpass
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from chatd import __version__, clock, config, data_dir, logs
from chatd.config import Config
from chatd.errors import ChatError, ConfigurationError, DatabaseUnusable
from chatd.storage.database import Transaction, Write, write_once

if TYPE_CHECKING:
    from marshmallow import Schema

    from chatd.services.tokens import Tokens

T = TypeVar("T")

#: How long a bot's token lasts where nobody says otherwise, in days: ten years. It can be ended at any time.
BOT_TOKEN_DAYS = 3650

#: The same hundred years that ``[accounts] token_days`` has as its limit.
BOT_TOKEN_DAYS_MAX = 36_500


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, 1 for what could not be done, 2 for how it was asked."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(_load(options) if "config" in options else None, options) or 0)
    except (ConfigurationError, DatabaseUnusable, OSError) as error:
        print(f"chatd: {error}", file=sys.stderr)
    except ChatError as error:
        print(f"chatd: {error.detail}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def _serve(settings: Config, _: argparse.Namespace) -> None:
    from chatd import serve

    logs.configure(settings.log.level, settings.log.format)
    for warning in settings.warnings:
        logging.getLogger(__name__).warning(warning)
    asyncio.run(serve.serve(settings))


def _chat(_: None, options: argparse.Namespace) -> int:
    from chatd import chat

    return chat.run(options.url, options.user, log_out=options.log_out)


def _config(settings: Config, _: argparse.Namespace) -> None:
    for section in config.SECTIONS:
        print(f"[{section}]")
        for setting in config.settings():
            if setting.section == section:
                value = getattr(getattr(settings, section), setting.name)
                source = settings.sources.get(f"{section}.{setting.name}", "default")
                print(f"{setting.name} = {config.to_toml(value)}  # {source}")
        print()


def _user_add(settings: Config, options: argparse.Namespace) -> None:
    from chatd import schemas
    from chatd.services import accounts

    names = [_validated(schemas.RegisterBody(), "username", name) for name in options.names]
    now = clock.now()
    if options.bot:
        if not 0 < options.days <= BOT_TOKEN_DAYS_MAX:
            raise ConfigurationError(f"--days: must be above 0 and at most {BOT_TOKEN_DAYS_MAX}")
        tokens = _tokens(settings)
        lifetime_ms = int(options.days * clock.DAY_MS)
        issued = _write(
            settings, lambda tx: [accounts.create_bot(tx, n, now=now, lifetime_ms=lifetime_ms) for n in names]
        )
        for name, session in zip(names, issued, strict=True):
            print(session.user_id, name, tokens.issue(session))
        return
    if len(names) > 1:
        raise ConfigurationError("one person at a time: each has a password (or --bot for accounts without)")
    password_hash = _hash(_new_password(settings, options))
    nickname = _validated(schemas.RegisterBody(), "nickname", options.nickname or names[0])
    user = _write(settings, lambda tx: accounts.create(tx, names[0], nickname, password_hash, now=now))
    print(f"{user.id} {user.username} {user.role}")


def _user_list(settings: Config, _: argparse.Namespace) -> None:
    from chatd.schemas import iso_time
    from chatd.storage import users

    for user in _write(settings, lambda tx: users.all_users(tx.db)):
        kind = "bot" if user.is_ai else user.role
        state = "deleted" if user.is_deleted else "disabled" if user.disabled_at is not None else "enabled"
        print(f"{user.id}\t{user.username}\t{kind}\t{state}\t{iso_time(user.created_at)}")


def _user_password(settings: Config, options: argparse.Namespace) -> None:
    from chatd.services import accounts

    password_hash = _hash(_new_password(settings, options))
    _write(settings, lambda tx: accounts.set_password(tx, accounts.find(tx, options.name).id, password_hash))
    print(f"{options.name} has a new password; all sessions have ended")


def _user_disable(settings: Config, options: argparse.Namespace) -> None:
    from chatd.services import accounts

    _write(settings, lambda tx: accounts.disable(tx, accounts.find(tx, options.name).id, now=clock.now()))
    print(f"{options.name} is disabled; all sessions have ended")


def _user_enable(settings: Config, options: argparse.Namespace) -> None:
    from chatd.services import accounts

    _write(settings, lambda tx: accounts.enable(tx, accounts.find(tx, options.name).id))
    print(f"{options.name} is enabled")


def _user_delete(settings: Config, options: argparse.Namespace) -> None:
    from chatd.services import accounts

    if not options.yes:
        try:
            repeated = input("This cannot be undone. The username once more: ")
        except EOFError:
            raise ConfigurationError("there is nobody to ask whether this is meant: use --yes") from None
        if repeated != options.name:
            raise ConfigurationError("that is another name; nothing was deleted")
    _write(settings, lambda tx: accounts.delete(tx, accounts.find(tx, options.name).id, now=clock.now()))
    print(f"{options.name} is deleted; what they wrote goes now, or when the server next runs")


def _reports_list(settings: Config, options: argparse.Namespace) -> None:
    from chatd.schemas import iso_time
    from chatd.storage import reports

    for it in _write(settings, lambda tx: (reports.all_reports if options.all else reports.open_ones)(tx.db)):
        state = "open" if it.resolved_at is None else f"resolved {iso_time(it.resolved_at)}"
        texts = [json.dumps(text, ensure_ascii=True) for text in (it.reason, it.content)]  # escapes what moves cursors
        people = (f"by {it.reporter.username}", f"of {it.sender.username}", f"message {it.message_id}")
        print(it.id, iso_time(it.created_at), state, *people, *texts, sep="\t")


def _reports_resolve(settings: Config, options: argparse.Namespace) -> None:
    from chatd.services import reports

    def work(tx: Transaction) -> None:
        for number in options.numbers:
            reports.resolve(tx, number, now=clock.now())

    _write(settings, work)


def _invite(settings: Config, options: argparse.Namespace) -> None:
    from chatd.services import accounts

    if options.count < 1:
        raise ConfigurationError("--count: must be at least 1")
    now = clock.now()
    for code in _write(settings, lambda tx: [accounts.create_invite(tx, now=now) for _ in range(options.count)]):
        print(code)


def _restore(settings: Config, options: argparse.Namespace) -> None:
    from chatd.storage import restore

    if (options.file is None) != options.new_epoch:
        raise ConfigurationError(
            "name the copy to restore, or say --new-epoch after you have put one in place yourself"
        )
    data_dir.prepare(settings.data_dir)
    with data_dir.locked(settings.data_dir):
        if options.new_epoch:
            restore.renew_epoch(settings.database)
            print("the change log has a new epoch: every client will load everything anew")
            return
        aside = settings.database.with_name(f"{settings.database.name}.replaced-{clock.now()}")
        restore.restore(settings.database, options.file, aside=aside)
    kept = f"; what was there before is in {aside}" if aside.exists() else ""
    print(f"{options.file} is restored{kept}")


def _write(settings: Config, work: Write[T]) -> T:
    """Run ``work`` on the database, beside a running server or without one."""
    from chatd.storage.migrate import current_version, load_migrations, migrate, migrations_directory

    data_dir.prepare(settings.data_dir)
    newest = load_migrations(migrations_directory())[-1].version
    if current_version(settings.database) != newest:
        with data_dir.locked(settings.data_dir):
            migrate(settings.database)
    return write_once(settings.database, work)


def _tokens(settings: Config) -> "Tokens":
    from chatd.services.tokens import Tokens

    data_dir.prepare(settings.data_dir)
    return Tokens(data_dir.signing_key(settings.data_dir, os.environ.get("CREDENTIALS_DIRECTORY")))


def _hash(password: str) -> str:
    from chatd.services.passwords import Passwords

    passwords = Passwords()
    try:
        return asyncio.run(passwords.hash(password))
    finally:
        passwords.close()


def _new_password(settings: Config, options: argparse.Namespace) -> str:
    from chatd import schemas

    if options.password_stdin:
        password = sys.stdin.buffer.readline().decode(errors="surrogateescape").rstrip("\r\n")
    else:
        password = _asked_password()
    schema = schemas.RegisterBody(password_min=settings.accounts.password_min)
    return _validated(schema, "password", password)


def _asked_password() -> str:
    """Ask for a password twice, on a terminal that does not show it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            password = getpass.getpass("New password: ")
            if getpass.getpass("Again: ") != password:
                raise ConfigurationError("the two passwords differ")
    except (EOFError, getpass.GetPassWarning):
        raise ConfigurationError("there is no terminal to ask for the password: use --password-stdin") from None
    return password


def _validated(schema: "Schema", field: str, value: str) -> str:
    problems = schema.validate({field: value}, partial=True)
    if problems:
        raise ConfigurationError(f"{field}: {problems[field][0]}")
    return value


def _text(argument: str) -> str:
    """Return an argument that is UTF-8: the rest could be neither found nor stored."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("not UTF-8") from None
    return argument


def _load(options: argparse.Namespace) -> Config:
    given = {f"server.{name}": getattr(options, name, None) for name in ("data_dir", "host", "port")}
    return config.load(options.config, given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chatd", description="A chat server whose acknowledgements mean stored.")
    parser.add_argument("--version", action="version", version=f"chatd {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", metavar="FILE", type=Path, help="./chatd.toml, else /etc/chatd/chatd.toml")
    common.add_argument("--data-dir", metavar="DIR", help="where the database and the signing key are")
    password = argparse.ArgumentParser(add_help=False)
    password.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def command(group: Any, name: str, run: Callable[..., Any], text: str, *parents: Any) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = group.add_parser(name, help=text, description=text, parents=[common, *parents])
        made.set_defaults(run=run)
        return made

    serve = command(commands, "serve", _serve, "Run the server.")
    serve.add_argument("--host", help="the address to listen on")
    serve.add_argument("--port", type=int, help="the port to listen on; 0 takes any free one")
    chat = commands.add_parser("chat", help="Chat in the terminal.", description="Chat in the terminal.")
    chat.set_defaults(run=_chat)
    chat.add_argument("url", nargs="?", metavar="URL", type=_text, help="the server; by default the last one")
    chat.add_argument("--user", metavar="NAME", type=_text, help="who; by default whoever it was the last time")
    chat.add_argument("--log-out", action="store_true", help="end the session and forget its token")
    command(commands, "config", _config, "Print every setting and where its value comes from.")
    invite = command(commands, "invite", _invite, "Make invitations, each good for one registration.")
    invite.add_argument("--count", type=int, default=1, metavar="N", help="how many (1)")

    restore = command(commands, "restore", _restore, "Put a copy of the database back; the server must be stopped.")
    restore.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the copy")
    restore.add_argument("--new-epoch", action="store_true", help="only tell clients that the file was replaced")

    user = commands.add_parser("user", help="Manage accounts.").add_subparsers(metavar="COMMAND", required=True)
    add = command(user, "add", _user_add, "Make accounts.", password)
    add.add_argument("names", nargs="+", metavar="NAME", type=_text)
    add.add_argument("--nickname", type=_text, help="the name others see; the username by default")
    add.add_argument("--bot", action="store_true", help="without a password; prints a line 'id name token' each")
    add.add_argument("--days", type=float, default=BOT_TOKEN_DAYS, help="how long a bot's token lasts (ten years)")
    command(user, "list", _user_list, "List accounts: id, name, kind, state, since when.")
    for name, run, text, parents in (
        ("password", _user_password, "Set a new password and end all sessions.", [password]),
        ("disable", _user_disable, "Shut an account out and end all its sessions.", []),
        ("enable", _user_enable, "Let a disabled account sign in again.", []),
    ):
        command(user, name, run, text, *parents).add_argument("name", metavar="NAME", type=_text)
    delete = command(user, "delete", _user_delete, "Delete an account and everything its user wrote.")
    delete.add_argument("name", metavar="NAME", type=_text)
    delete.add_argument("--yes", action="store_true", help="do not ask whether it is meant")

    shown = commands.add_parser("reports", help="See what users have reported.")
    reports = shown.add_subparsers(metavar="COMMAND", required=True)
    listing = command(reports, "list", _reports_list, "List open reports: number, when, state, who, reason, message.")
    listing.add_argument("--all", action="store_true", help="the resolved ones, too")
    resolve = command(reports, "resolve", _reports_resolve, "Be done with reports; their copies of messages go.")
    resolve.add_argument("numbers", nargs="+", type=int, metavar="N", help="the number that the list begins with")
    return parser

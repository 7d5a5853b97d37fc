"""``chatd group``: the groups there are, and those that have ended."""

import argparse
from typing import TYPE_CHECKING

from chatd import clock
from chatd.cli.database import read, write
from chatd.cli.parsing import Commands, identifier

if TYPE_CHECKING:
    from chatd.config import Config
    from chatd.storage.commit import Transaction


def add_to(commands: Commands) -> None:
    """Add the commands."""
    group = commands.group("group", "See groups, give one another owner, end one, and bring one back.")
    group.add("list", _list, "List all groups: number, since when, members, state, name.")
    owner = group.add("owner", _owner, "Give a group another owner, who is in it; who was becomes an admin.")
    owner.add_argument("number", type=identifier, metavar="N", help="the number that the list begins with")
    owner.add_argument("name", metavar="NAME", help="the member's username")
    delete = group.add("delete", _delete, "End a group: everybody is out at once.")
    delete.add_argument("number", type=identifier, metavar="N", help="the number that the list begins with")
    restore = group.add("restore", _restore, "Let a group that has ended go on, with those who were in it then.")
    restore.add_argument("number", type=identifier, metavar="N", help="the number that the list begins with")


def _list(settings: "Config", options: argparse.Namespace) -> None:
    import json

    from chatd.schemas import iso_time
    from chatd.storage import groups

    for it in read(settings, groups.all_groups):
        state = "there" if it.ended_at is None else f"ended {iso_time(it.ended_at)}"
        name = json.dumps(it.name, ensure_ascii=True)  # escapes what moves cursors
        print(it.id, iso_time(it.created_at), f"{it.member_count} members", state, name, sep="\t")


def _owner(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.services import accounts, joining

    def work(tx: "Transaction") -> None:
        joining.set_owner(tx, options.number, accounts.find(tx, options.name).id, now=clock.now())

    write(settings, work)


def _delete(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.services import joining

    write(settings, lambda tx: joining.end(tx, joining.require_group(tx.db, options.number), now=clock.now()))


def _restore(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.services import joining

    count = write(settings, lambda tx: joining.restore(tx, options.number, now=clock.now()))
    print(f"{count} members are back")

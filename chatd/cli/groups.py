"""``chatd group``: the groups there are, and those that have ended."""

import argparse
from typing import TYPE_CHECKING

from chatd import clock
from chatd.cli.database import read, write
from chatd.cli.parsing import Commands, identifier

if TYPE_CHECKING:
    from chatd.config import Config


def add_to(commands: Commands) -> None:
    """Add the commands."""
    group = commands.group("group", "See groups, and bring one back that has ended.")
    group.add("list", _list, "List all groups: number, since when, members, state, name.")
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


def _restore(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.services import joining

    count = write(settings, lambda tx: joining.restore(tx, options.number, now=clock.now()))
    print(f"{count} members are back")

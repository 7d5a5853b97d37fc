"""``chatd reports``: what users have reported."""

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
    group = commands.group("reports", "See what users have reported.")
    listing = group.add("list", _list, "List open reports: number, when, state, who, reason, message.")
    listing.add_argument("--all", action="store_true", help="the resolved ones, too")
    resolve = group.add("resolve", _resolve, "Be done with reports; their copies of messages go.")
    resolve.add_argument(
        "numbers", nargs="+", type=identifier, metavar="N", help="the number that the list begins with"
    )


def _list(settings: "Config", options: argparse.Namespace) -> None:
    import json

    from chatd.schemas import iso_time
    from chatd.storage import reports

    for it in read(settings, reports.all_reports if options.all else reports.open_ones):
        state = "open" if it.resolved_at is None else f"resolved {iso_time(it.resolved_at)}"
        texts = [json.dumps(text, ensure_ascii=True) for text in (it.reason, it.content)]  # escapes what moves cursors
        people = (f"by {it.reporter.username}", f"of {it.sender.username}", f"message {it.message_id}")
        print(it.id, iso_time(it.created_at), state, *people, *texts, sep="\t")


def _resolve(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.services import reports

    def work(tx: "Transaction") -> None:
        for number in options.numbers:
            reports.resolve(tx, number, now=clock.now())

    write(settings, work)

"""``chatd invite``: invitations to make an account."""

import argparse
from typing import TYPE_CHECKING

from chatd import clock
from chatd.cli import streams
from chatd.cli.database import write
from chatd.cli.location import Use
from chatd.cli.parsing import Commands
from chatd.errors import ConfigurationError

if TYPE_CHECKING:
    from chatd.config import Config
    from chatd.storage.commit import Transaction

#: The most invitations that one command makes, the longest they last in days, and the most accounts each is good for.
INVITES_MAX, DAYS_MAX, USES_MAX = 10_000, 366, 1000

#: How many of them one transaction makes, while the server waits a few milliseconds.
INVITES_AT_ONCE = 200


def add_to(commands: Commands) -> None:
    """Add the command."""
    invite = commands.add("invite", _invite, "Make invitations, each good for one registration.", use=Use.MAKES)
    invite.add_argument("--count", type=int, default=1, metavar="N", help="how many (1)")
    invite.add_argument("--uses", type=int, default=1, metavar="N", help="how many registrations each is good for (1)")
    invite.add_argument("--days", type=float, metavar="N", help="how long they last (for ever)")


def _invite(settings: "Config", options: argparse.Namespace) -> None:
    import time

    from chatd.services import invites
    from chatd.services.community import registration

    for name, most in (("count", INVITES_MAX), ("uses", USES_MAX)):
        if getattr(options, name) < 1:
            raise ConfigurationError(f"--{name}: must be at least 1")
        if getattr(options, name) > most:
            raise ConfigurationError(f"--{name}: must be at most {most}")
    if options.days is not None and not 0 < options.days <= DAYS_MAX:
        raise ConfigurationError(f"--days: must be above 0 and at most {DAYS_MAX}")

    held = set()

    def make(tx: "Transaction") -> list[str]:
        held.add(registration(settings, tx.db))
        return [
            invites.create(tx, now=now, expires_at=expires_at, uses=options.uses)
            for _ in range(min(left, INVITES_AT_ONCE))
        ]

    now, left = clock.now(), options.count
    expires_at = None if options.days is None else now + int(options.days * clock.DAY_MS)
    while left:
        began = time.monotonic()
        codes = write(settings, make)
        print(*codes, sep="\n")
        streams.finish()
        left -= len(codes)
        if left:
            time.sleep(time.monotonic() - began)  # the server's turn
    if "open" in held:
        streams.tell("anybody may register now, also without an invitation")
    elif "closed" in held:
        streams.tell("nobody may register now, not even with an invitation")

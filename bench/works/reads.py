"""Reading: what a reader asks for, with more and more messages stored."""

import json
from functools import partial
from pathlib import Path

from bench.databases import Stored, stored
from bench.generator import Account, Figures, load, write_accounts, write_requests
from bench.works.work import CHATD, HERE_AS_IT_IS, Case, Figure, Values, Work

#: How many messages are stored.
SIZES = (10_000, 1_000_000, 10_000_000)

#: How long each call is made again and again, in seconds.
SECONDS = 1.5


def calls(database: Stored) -> dict[str, tuple[str, bytes]]:
    """Return what is asked for, by its name: over which kind of connection, and how."""

    def get(path: str) -> tuple[str, bytes]:
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {database.token}\r\n\r\n"
        return "rest", head.encode()

    def sync(since: int) -> tuple[str, bytes]:
        data = {"epoch": database.epoch, "since": since, "limit": 200}
        return "v2", json.dumps({"type": "sync", "id": 1, "data": data}).encode()

    partner = database.partner
    return {
        "history": get(f"/messages/history/{partner}?page=1&page_size=50"),
        "around": get(f"/messages?user={partner}&around={database.message}&limit=50"),
        "classic conversations": get("/messages/conversations"),
        "conversations": get("/conversations?limit=50"),
        "unread": get("/messages/unread_count"),
        "sync, the newest": sync(database.near),
        "sync, from the middle": sync(database.middle),
    }


TITLES = {
    "history": "history, the newest 50",
    "around": "messages, 50 in the middle",
    "classic conversations": "conversations, classic",
    "conversations": "conversations, 50",
    "unread": "unread count",
    "sync, the newest": "sync, the last 200",
    "sync, from the middle": "sync, 200 from the middle",
}


def read(count: int, directory: Path) -> Values:
    """Return the median time of each call, in milliseconds."""
    database = stored(count, HERE_AS_IT_IS)
    values: Values = {}
    with CHATD.process(Path(database.directory)) as process:
        accounts = write_accounts(directory / "accounts", [Account("1", "reader", database.token)])
        for name, (kind, request) in calls(database).items():
            found: Figures = load(
                mode="ask",
                kind=kind,
                port=process.port,
                accounts=accounts,
                requests=write_requests(directory / "requests", [request]),
                senders=1,
                warm=0.3,
                seconds=SECONDS,
            )
            values[name] = found["asked_us"]["p50"] / 1000
    return values


def _missing(count: int) -> str | None:
    return CHATD.missing()


WORKS = tuple(
    Work(
        name,
        title,
        "The median of each call, over one connection, in milliseconds. A fifth of all messages are the reader's, half "
        "of those in one conversation.",
        [Figure(call, text, 2) for call, text in TITLES.items()],
        [Case(f"{count:,} messages", partial(_missing, count), partial(read, count)) for count in sizes],
        against=f"{sizes[0]:,} messages",
        is_large=is_large,
    )
    for name, title, sizes, is_large in (
        ("reads", "Reading with more and more stored", SIZES[:2], False),
        ("reads-large", "Reading with ten million stored", (SIZES[0], SIZES[2]), True),
    )
)

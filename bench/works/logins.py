"""Logins beside messages: hashing passwords takes a core's time, and messages must not wait for it."""

from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from bench.generator import load, write_accounts, write_requests
from bench.works.messages import LIGHT_RATE, LIGHT_SECONDS, LIGHT_SENDERS, TIMES, WARM
from bench.works.work import CHATD, Case, Figure, Values, Work, shares

#: How many sign in each second, and how many people they are.
LOGINS, PEOPLE = 20, 10

PASSWORD = "correct horse battery staple"


def login(name: str) -> bytes:
    """Return the request by which somebody signs in."""
    body = urlencode({"username": name, "password": PASSWORD}).encode()
    head = (
        "POST /auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def beside(logins: int, directory: Path) -> Values:
    """Return how long messages took beside so many logins a second."""
    people = [f"person{number}" for number in range(PEOPLE)]
    for name in people:
        CHATD.command(directory, "user", "add", name, "--password-stdin", stdin=f"{PASSWORD}\n")
    with CHATD.start(directory, LIGHT_SENDERS * 2) as running:
        found = load(
            mode="rate",
            port=running.process.port,
            pid=running.process.pid,
            accounts=write_accounts(directory / "accounts", running.accounts),
            senders=LIGHT_SENDERS,
            rate=LIGHT_RATE,
            side_rate=logins,
            side_requests=write_requests(directory / "requests", map(login, people)),
            warm=WARM,
            seconds=LIGHT_SECONDS,
        )
    times = found["delivered_us"]
    values = {**{name: times[name] / 1000 for name in ("p50", "p99", "max")}, **shares(found)}
    if logins:
        values["login"] = found["side_us"]["p50"] / 1000
        values["logins"] = found["side_us"]["count"] / found["seconds"]
    return values


WORKS = (
    Work(
        "logins",
        "Messages beside logins",
        f"{LIGHT_RATE} messages a second, alone and beside {LOGINS} logins a second.",
        [*TIMES, Figure("login", "login, p50, ms", 1), Figure("logins", "logins/s", 1, is_more_better=True)],
        [
            Case("alone", CHATD.missing, partial(beside, 0)),
            Case(f"beside {LOGINS} logins a second", CHATD.missing, partial(beside, LOGINS)),
        ],
        against="alone",
    ),
)

"""Sessions: the memory of checked tokens never outlives a revocation, and last_seen_at is cheap."""

import asyncio
import contextlib
import threading
import tracemalloc
from collections.abc import Iterable

import argon2
import pytest

from chatd.config import Accounts, Limits
from chatd.config import Accounts as AccountSettings
from chatd.errors import AccountUnavailable, NotAuthenticated, RateLimited, WrongCredentials
from chatd.services import accounts
from chatd.services.sessions import SEEN_STEP_MS, Sessions
from chatd.storage import sessions as storage
from chatd.storage import users
from chatd.storage.commit import write_once
from tests.services.conftest import NO_LIMITS, House
from tests.storage.support import connection
from tests.support import PATIENCE

PASSWORD = "correct horse"
DAY_MS = 86_400_000


@pytest.fixture
async def alice(house: House) -> int:
    """Alice's user id."""
    stored = await house.passwords.hash(PASSWORD)
    user = await house.db.write(lambda tx: accounts.create(tx, "alice", "Alice", stored, now=1))
    return user.id


async def sign_in(house: House, password: str = PASSWORD) -> str:
    return await house.sessions.sign_in("Alice", password, device="test", address="127.0.0.1")


async def session_id(house: House, token: str) -> int:
    return (await house.sessions.authenticate(token)).session_id


class Trace:
    """Watches the one reader, and can hold it after its next read, before the answer is told."""

    def __init__(self) -> None:
        self.reads = 0
        self.hold = False
        self.held = threading.Event()
        self.go = threading.Event()

    def __call__(self, statement: str) -> None:
        if statement == "COMMIT":
            self.reads += 1
            if self.hold:
                self.hold = False
                self.held.set()
                assert self.go.wait(PATIENCE)


async def traced(house: House) -> Trace:
    """Return a trace of the reader from now on."""
    trace = Trace()
    await house.db.read(lambda db: connection(db).set_trace_callback(trace))
    trace.reads = 0
    return trace


@pytest.mark.sqlite  # its trace of statements
async def test_a_checked_token_is_not_checked_again(house: House, alice: int) -> None:
    token = await sign_in(house)
    trace = await traced(house)
    first = await house.sessions.authenticate(token)
    assert first.user_id == alice
    assert trace.reads == 1
    assert await house.sessions.authenticate(token) == first
    assert trace.reads == 1


async def test_a_session_that_ends_takes_its_token_and_leaves_the_others(house: House, alice: int) -> None:
    ended, other = await sign_in(house), await sign_in(house)
    await house.sessions.authenticate(other)
    await house.sessions.end(alice, await session_id(house, ended))
    with pytest.raises(NotAuthenticated):
        await house.sessions.authenticate(ended)
    assert (await house.sessions.authenticate(other)).user_id == alice


@pytest.mark.sqlite  # its trace of statements holds the reader
@pytest.mark.usefixtures("alice")
async def test_a_session_that_ends_while_its_token_is_checked_is_not_missed(house: House) -> None:
    token = await sign_in(house)
    trace = await traced(house)
    trace.hold = True
    checking = asyncio.create_task(house.sessions.authenticate(token))
    assert await asyncio.to_thread(trace.held.wait, PATIENCE)
    identity = house.tokens.read(token, house.clock())
    await house.sessions.end(identity.user_id, identity.session_id)
    trace.go.set()
    with pytest.raises(NotAuthenticated):
        await checking
    assert trace.reads == 2
    with pytest.raises(NotAuthenticated):
        await house.sessions.authenticate(token)


@pytest.mark.sqlite  # its trace of statements holds the reader
@pytest.mark.usefixtures("alice")
async def test_another_session_that_ends_meanwhile_does_no_harm(house: House) -> None:
    token, other = await sign_in(house), await sign_in(house)
    trace = await traced(house)
    trace.hold = True
    checking = asyncio.create_task(house.sessions.authenticate(token))
    assert await asyncio.to_thread(trace.held.wait, PATIENCE)
    identity = house.tokens.read(other, house.clock())
    await house.sessions.end(identity.user_id, identity.session_id)
    trace.go.set()
    assert (await checking).session_id != identity.session_id


async def test_an_account_that_is_disabled_takes_all_its_tokens(house: House, alice: int) -> None:
    token = await sign_in(house)
    await house.sessions.authenticate(token)
    await house.db.write(lambda tx: accounts.disable(tx, alice, now=house.clock()))
    with pytest.raises(AccountUnavailable):
        await house.sessions.authenticate(token)


async def test_a_session_that_another_process_ends_is_forgotten_when_that_is_noticed(house: House, alice: int) -> None:
    noticed = asyncio.Event()
    house.db.subscribe_foreign(noticed.set)
    token = await sign_in(house)
    await house.sessions.authenticate(token)
    write_once(house.store, lambda tx: storage.delete_all(tx.db, alice))
    await asyncio.wait_for(noticed.wait(), PATIENCE)
    with pytest.raises(NotAuthenticated):
        await house.sessions.authenticate(token)


async def test_a_token_expires_even_if_it_was_checked(house: House, alice: int) -> None:
    token = await sign_in(house)
    house.clock.now += DAY_MS - 1000
    assert (await house.sessions.authenticate(token)).user_id == alice
    house.clock.now += 1000
    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            await house.sessions.authenticate(token)


async def test_expired_sessions_are_forgotten(house: House, alice: int) -> None:
    await sign_in(house)
    house.clock.now += DAY_MS - 1
    second = await sign_in(house)
    assert len(await house.sessions.list_live(alice)) == 2
    house.clock.now += 1
    assert [each.id for each in await house.sessions.list_live(alice)] == [await session_id(house, second)]
    await sign_in(house)
    stored = "SELECT count(*) FROM sessions"
    assert await house.db.read(lambda connection: connection.execute(stored).fetchone()) == (2,)


async def test_last_seen_is_written_at_most_once_a_minute(house: House, alice: int) -> None:
    async def seen_after(milliseconds: int) -> int:
        """Return what is stored after a request so much later, in milliseconds since the login."""
        house.clock.now = began + milliseconds
        await house.sessions.authenticate(token)
        (session,) = await house.sessions.list_live(alice)
        return session.last_seen_at - began

    began = house.clock.now
    token = await sign_in(house)
    assert SEEN_STEP_MS == 60_000
    assert await seen_after(1_000) == 1_000
    assert await seen_after(60_999) == 1_000
    assert await seen_after(61_000) == 61_000
    assert await seen_after(100_000) == 61_000
    assert await seen_after(500_000) == 500_000
    assert await seen_after(200_000) == 200_000  # the clock was put back


@pytest.mark.sqlite  # its trace of statements
@pytest.mark.usefixtures("alice")
async def test_nobody_seen_means_nothing_written(house: House) -> None:
    token = await sign_in(house)
    statements: list[str] = []
    await house.db.write(lambda tx: connection(tx.db).set_trace_callback(statements.append))
    statements.clear()
    await house.sessions.authenticate(token)
    await house.sessions.write_seen()
    assert [each for each in statements if "UPDATE sessions" in each]
    statements.clear()
    await house.sessions.write_seen()
    await house.sessions.authenticate(token)
    await house.sessions.write_seen()
    assert [each for each in statements if "data_version" not in each] == []


async def test_the_memory_of_tokens_has_an_end(house: House, alice: int) -> None:
    tokens = [await sign_in(house) for _ in range(5)]
    sessions = Sessions(
        house.db, house.tokens, house.passwords, AccountSettings(), NO_LIMITS, house.clock, cache_size=3
    )
    for token in tokens:
        assert (await sessions.authenticate(token)).user_id == alice
        assert len(sessions._checked) <= 3
    for token in tokens:
        assert (await sessions.authenticate(token)).user_id == alice


async def test_an_outdated_hash_is_renewed_by_the_next_login_and_by_no_other(house: House, alice: int) -> None:
    async def stored() -> str | None:
        return await house.db.read(lambda connection: users.password_hash(connection, alice))

    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await house.db.write(lambda tx: users.set_password_hash(tx.db, alice, old))
    with pytest.raises(WrongCredentials):
        await sign_in(house, "wrong horse")
    assert await stored() == old
    await sign_in(house)
    renewed = await stored()
    assert renewed is not None
    assert not house.passwords.is_outdated(renewed)
    await sign_in(house)
    assert await stored() == renewed


@pytest.mark.sqlite  # its trace of statements holds the reader
async def test_a_password_changed_while_it_is_checked_lets_nobody_in(house: House, alice: int) -> None:
    trace = await traced(house)
    trace.hold = True
    signing_in = asyncio.create_task(sign_in(house))
    assert await asyncio.to_thread(trace.held.wait, PATIENCE)
    new = await house.passwords.hash("another horse")
    await house.db.write(lambda tx: accounts.set_password(tx, alice, new))
    trace.go.set()
    with pytest.raises(WrongCredentials):
        await signing_in
    assert await house.sessions.list_live(alice) == []


@pytest.mark.usefixtures("alice")
async def test_guessing_is_limited_for_a_pair_for_an_account_and_for_an_address(house: House) -> None:
    limits = Limits(logins_per_minute=2)
    guarded = Sessions(house.db, house.tokens, house.passwords, Accounts(), limits, house.clock)

    async def tries(account: str, address: str) -> int:
        """Return how many of many attempts are let through."""
        count = 0
        for _ in range(20):
            try:
                await guarded.throttle(account, address)
            except RateLimited:
                return count
            count += 1
        return count

    assert [await tries("alice", f"10.0.0.{number}") for number in range(6)] == [2, 2, 2, 2, 2, 0]
    assert await tries("bob", "10.0.0.0") == 2
    assert [await tries(f"user{number}", "10.0.1.0") for number in range(6)] == [2, 2, 2, 2, 2, 0]


async def test_attempts_are_remembered_in_the_same_few_bytes_whatever_the_account_is_called(house: House) -> None:
    limits = Limits(logins_per_minute=1)
    guarded = Sessions(house.db, house.tokens, house.passwords, Accounts(), limits, house.clock)

    async def attempt(names: Iterable[str], address: str) -> None:
        for name in names:
            with contextlib.suppress(RateLimited):
                await guarded.throttle(name, address)

    await attempt(map(str, range(100)), "10.0.0.2")  # statements are prepared, and Python keeps what is freed
    tracemalloc.start()
    try:
        await attempt((f"{number}" + "\u0627" * 160_000 for number in range(100)), "10.0.0.1")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000

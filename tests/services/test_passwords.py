"""Password hashing: two at once, a queue with an end, and nothing to learn from the time it takes."""

import asyncio
import os
import threading
from collections.abc import Callable

import argon2
import pytest

from chatd.errors import RateLimited
from chatd.services.passwords import AT_ONCE, DEFAULT, NICENESS, Hashing, Passwords, Verdict
from tests.support import PATIENCE


class Spy:
    """Watches the hashes that run, and holds them until it is told to let go."""

    def __init__(self) -> None:
        self.verified: list[str] = []
        self.niceness: set[int] = set()
        self.running = 0
        self.most = 0
        self.lock = threading.Lock()
        self.go = threading.Event()
        self.go.set()

    def around(self, function: Callable[..., object]) -> Callable[..., object]:
        """Return ``function``, watched."""

        def watched(hasher: argon2.PasswordHasher, *args: str) -> object:
            with self.lock:
                self.running += 1
                self.most = max(self.most, self.running)
                self.niceness.add(os.getpriority(os.PRIO_PROCESS, 0))
                if len(args) == 2:
                    self.verified.append(args[0])
            assert self.go.wait(PATIENCE)
            try:
                return function(hasher, *args)
            finally:
                with self.lock:
                    self.running -= 1

        return watched


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    """A spy on the hashes; it lets them go until it is told to hold them."""
    spy = Spy()
    monkeypatch.setattr(argon2.PasswordHasher, "hash", spy.around(argon2.PasswordHasher.hash))
    monkeypatch.setattr(argon2.PasswordHasher, "verify", spy.around(argon2.PasswordHasher.verify))
    return spy


async def held(spy: Spy) -> None:
    """Return when as many hashes run as may."""
    async with asyncio.timeout(PATIENCE):
        while spy.running < AT_ONCE:
            await asyncio.sleep(0.005)


async def test_a_password_is_right_or_wrong(passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "wrong horse")
    assert not await passwords.verify(stored, "")


async def test_the_same_password_hashes_differently_each_time_and_with_the_parameters_of_today(
    passwords: Passwords,
) -> None:
    one, other = await asyncio.gather(passwords.hash("correct horse"), passwords.hash("correct horse"))
    assert one != other
    assert one.startswith(f"$argon2id$v=19$m={DEFAULT.memory_kib},t={DEFAULT.passes},p={DEFAULT.lanes}$")
    assert "correct horse" not in one


async def test_a_hash_that_is_none_is_never_right(passwords: Passwords) -> None:
    for odd in ("", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$nonsense"):
        assert not await passwords.verify(odd, "correct horse")


async def test_a_hash_goes_behind_all_other_threads(spy: Spy, passwords: Passwords) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    stored = await passwords.hash("correct horse")
    assert await passwords.verify(stored, "correct horse")
    assert spy.niceness == {min(19, ours + NICENESS)}
    assert os.getpriority(os.PRIO_PROCESS, 0) == ours


async def test_no_more_than_two_hashes_run_at_once(spy: Spy, passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    spy.go.clear()
    hashing = [asyncio.create_task(passwords.hash("correct horse")) for _ in range(4)]
    checking = [asyncio.create_task(passwords.verify(stored, "wrong")) for _ in range(4)]
    await held(spy)
    assert spy.running == AT_ONCE == 2
    spy.go.set()
    await asyncio.gather(*hashing, *checking)
    assert spy.most == AT_ONCE


@pytest.mark.parametrize("hashing", [Hashing(queue_limit=5)])
async def test_a_full_queue_refuses_more_until_it_has_room(spy: Spy, passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    spy.go.clear()
    waiting = [asyncio.create_task(passwords.verify(stored, "correct horse")) for _ in range(5)]
    await held(spy)
    with pytest.raises(RateLimited) as refused:
        await passwords.hash("one too many")
    assert refused.value.retry_after > 0
    with pytest.raises(RateLimited):
        await passwords.verify(None, "one too many")
    spy.go.set()
    assert all(await asyncio.gather(*waiting))
    assert await passwords.verify(stored, "correct horse")


async def test_an_unknown_account_costs_a_check_like_any_other(spy: Spy, passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    assert not await passwords.verify(stored, "wrong")
    assert not await passwords.verify(None, "wrong")
    assert not await passwords.verify(None, "decoy")
    known, unknown, _ = spy.verified
    parameters = [argon2.extract_parameters(each) for each in (known, unknown)]
    assert parameters[0] == parameters[1]


@pytest.mark.parametrize("password", ["wrong", "wrong é", "wrong e\u0301", "wrong\u2003one"])
async def test_a_wrong_password_costs_an_unknown_account_as_many_checks_as_a_known_one(
    spy: Spy, passwords: Passwords, password: str
) -> None:
    stored = await passwords.hash("correct horse")
    assert not await passwords.verify(stored, password)
    known = len(spy.verified)
    assert not await passwords.verify(None, password)
    assert len(spy.verified) == 2 * known


async def test_a_right_password_is_checked_once_unless_its_hash_is_from_before(spy: Spy, passwords: Passwords) -> None:
    stored = await passwords.hash("café au lait")
    assert await passwords.verify(stored, "cafe\u0301 au lait") is Verdict.RIGHT
    assert len(spy.verified) == 1
    old = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("cafe\u0301 au lait")
    assert await passwords.verify(old, "cafe\u0301 au lait") is Verdict.RIGHT_AS_TYPED
    assert await passwords.verify(old, "café au lait") is Verdict.WRONG


async def test_only_a_hash_with_other_parameters_is_outdated(passwords: Passwords) -> None:
    assert not passwords.is_outdated(await passwords.hash("correct horse"))
    assert passwords.is_outdated(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))


@pytest.mark.parametrize("hashing", [Hashing(queue_limit=3)])
async def test_a_caller_who_goes_away_gives_their_place_back(spy: Spy, passwords: Passwords) -> None:
    spy.go.clear()
    waiting = [asyncio.create_task(passwords.hash("correct horse")) for _ in range(3)]
    await held(spy)
    waiting[-1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting[-1]
    another = asyncio.create_task(passwords.hash("correct horse"))
    spy.go.set()
    assert (await another).startswith("$argon2id$")
    await asyncio.gather(*waiting[:-1])

"""The order in which commits are told, whatever is lost, doubled or late on its way."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.cluster.order import UNSAID, Behind, Order, Settle
from chatd.storage.engine import Hint, Told


class Teller:
    """Notes what an order gives back: the number of each commit, negative for our own."""

    def __init__(self, writer: str = "us", told: int = 0, **options: int) -> None:
        self.order = Order(writer, told, **options)
        self.told: list[int] = []

    def settle(self, number: int) -> Settle:
        def settle() -> None:
            self.told.append(-number)

        return settle

    def tell(self) -> list[int]:
        for item in self.order.ready():
            if isinstance(item, bytes):
                self.told.append(int(item))
            else:
                for settle in item:
                    settle()
        return self.told


def theirs(number: int) -> Told:
    return Told(number, "them", b"%d" % number)


def ours(number: int) -> Told:
    return Told(number, "us", b"%d" % number)


def heard(*commits: Told) -> list[Hint]:
    return [Hint(*each) for each in commits]


def test_what_comes_out_of_order_waits_for_what_is_missing() -> None:
    teller = Teller(told=4)
    teller.order.hear(heard(theirs(6), theirs(7)))
    assert teller.tell() == []
    assert teller.order.is_behind
    teller.order.hear(heard(theirs(5)))
    assert teller.tell() == [5, 6, 7]
    assert not teller.order.is_behind


def test_our_own_commit_is_told_after_every_lower_number() -> None:
    teller = Teller()
    teller.order.begin()
    teller.order.hear(heard(theirs(3), ours(2)))
    teller.order.end(2, teller.settle(2))
    assert teller.tell() == []
    teller.order.read([theirs(1), ours(2), theirs(3)])
    assert teller.tell() == [1, -2, 3]


def test_an_answer_without_a_commit_waits_for_our_own_before_it() -> None:
    teller = Teller()
    teller.order.begin()
    teller.order.end(2, teller.settle(2))
    teller.order.begin()
    teller.order.end(None, teller.settle(99))
    assert teller.tell() == []
    teller.order.hear(heard(theirs(1)))
    assert teller.tell() == [1, -2, -99]
    teller.order.begin()
    teller.order.end(None, teller.settle(100))
    assert teller.tell() == [1, -2, -99, -100]


def test_what_failed_does_not_wait_for_our_own_before_it_while_nothing_can_be_told() -> None:
    teller = Teller()
    teller.order.begin()
    teller.order.end(2, teller.settle(2))
    teller.order.begin()
    teller.order.end(None, teller.settle(99))
    for settle in teller.order.uncommitted():
        settle()
    assert teller.tell() == [-99]
    teller.order.hear(heard(theirs(1)))
    assert teller.tell() == [-99, 1, -2]


def test_our_own_that_failed_but_is_there_is_told_as_others_tell_it() -> None:
    teller = Teller()
    teller.order.begin()
    teller.order.hear(heard(ours(1)))
    teller.order.end(None, teller.settle(99))
    teller.order.begin()  # the next one is on its way already
    teller.order.read([ours(1), ours(2)])
    assert teller.tell() == [-99, 1]
    teller.order.end(2, teller.settle(2))
    assert teller.tell() == [-99, 1, -2]


def test_what_was_announced_without_its_events_is_to_be_read() -> None:
    teller = Teller()
    teller.order.hear([Hint(1, "them", None)])
    assert teller.tell() == []
    assert teller.order.is_unread
    teller.order.read([theirs(1)])
    assert teller.tell() == [1]
    assert not teller.order.is_unread


def test_what_lies_far_above_is_not_kept_but_read_in_its_turn() -> None:
    teller = Teller(window=2)
    teller.order.hear(heard(theirs(3), theirs(2), theirs(1)))
    assert teller.tell() == [1, 2]
    assert teller.order.is_behind
    teller.order.read([theirs(3)])
    assert teller.tell() == [1, 2, 3]


def test_a_commit_that_does_not_say_what_happened_has_its_place() -> None:
    order = Order("us", 0)
    order.read([Told(1, "a command", None), theirs(2)])
    assert list(order.ready()) == [UNSAID, b"2"]


@pytest.mark.parametrize("rows", [[theirs(2)], [theirs(1), theirs(3)]])
def test_a_table_that_lacks_what_comes_next_is_said_to(rows: list[Told]) -> None:
    teller = Teller()
    with pytest.raises(Behind):
        teller.order.read(rows)


def test_our_own_that_was_skipped_while_it_was_in_doubt_is_answered_all_the_same() -> None:
    teller = Teller()
    teller.order.begin()
    teller.order.hear(heard(theirs(2)))
    for settle in teller.order.skip_to(2):
        settle()
    teller.order.end(1, teller.settle(1))
    assert teller.tell() == [-1]


def test_after_skipping_our_own_are_still_answered() -> None:
    teller = Teller()
    teller.order.begin()
    teller.order.end(3, teller.settle(3))
    teller.order.hear(heard(theirs(2), theirs(5)))
    for settle in teller.order.skip_to(4):
        settle()
    assert teller.tell() == [-3, 5]


@given(st.data())
def test_every_commit_is_told_once_and_in_order(data: st.DataObject) -> None:
    teller = Teller()
    table: list[Told] = []
    on_way: int | None = None
    unheard: list[Told] = []
    lost = 0  # our own whose caller was told of an error

    def commit(writer: str) -> int:
        number = len(table) + 1
        table.append(Told(number, writer, b"%d" % number))
        unheard.append(table[-1])
        return number

    def begin() -> None:
        nonlocal on_way
        if on_way is None:
            teller.order.begin()
            on_way = commit("us")

    def end() -> None:
        nonlocal on_way, lost
        if on_way is not None:
            has_failed = data.draw(st.booleans())
            lost += has_failed
            teller.order.end(None if has_failed else on_way, teller.settle(0 if has_failed else on_way))
            on_way = None

    def hear() -> None:
        if unheard:
            number, writer, events = unheard.pop(data.draw(st.integers(0, len(unheard) - 1)))
            match data.draw(st.sampled_from(["whole", "twice", "hint", "lost"])):
                case "whole":
                    teller.order.hear([Hint(number, writer, events)])
                case "twice":
                    teller.order.hear([Hint(number, writer, events)] * 2)
                case "hint":
                    teller.order.hear([Hint(number, writer, None)])

    def read() -> None:
        teller.order.read(table[teller.order.told :][:3])

    steps: list[Callable[[], object]] = [lambda: commit("them"), begin, end, hear, read]
    for _ in range(data.draw(st.integers(1, 40))):
        data.draw(st.sampled_from(steps))()
        teller.tell()
        numbers = [abs(each) for each in teller.told if each]
        assert numbers == list(range(1, len(numbers) + 1))
        assert on_way not in numbers
    end()
    while teller.order.told < len(table):
        read()
        teller.tell()
    assert [abs(each) for each in teller.told if each] == list(range(1, len(table) + 1))
    assert teller.told.count(0) == lost

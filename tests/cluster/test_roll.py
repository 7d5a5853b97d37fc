"""Who is connected where, by what processes say of it."""

from chatd.cluster.roll import Roll, parts


def test_a_user_is_online_until_the_last_connection_anywhere_has_gone() -> None:
    roll = Roll("a", per_user=20)
    assert roll.came(1, 10, 100)
    assert roll.hear("b", {1: [200]}, 0) == []
    assert not roll.went(1, 10)
    assert roll.is_online(1)
    assert roll.hear("b", {1: []}, 1) == [1]
    assert not roll.is_online(1)


def test_only_the_first_connection_anywhere_is_a_coming() -> None:
    roll = Roll("a", per_user=20)
    assert roll.hear("b", {1: [200]}, 0) == [1]
    assert not roll.came(1, 10, 300)
    assert not roll.came(1, 11, 300)
    assert roll.hear("b", {1: []}, 0) == []
    assert not roll.went(1, 10)
    assert roll.went(1, 11)


def test_a_whole_list_replaces_what_was_known_of_a_process() -> None:
    roll = Roll("a", per_user=20)
    roll.hear("b", {1: [1], 2: [1]}, 0)
    assert sorted(roll.hear_whole("b", {2: [1], 3: [1]}, 0)) == [1, 3]
    assert [roll.is_online(each) for each in (1, 2, 3)] == [False, True, True]


def test_a_silent_process_is_forgotten_and_who_is_elsewhere_stays_online() -> None:
    roll = Roll("a", per_user=20)
    roll.hear("b", {1: [1], 2: [1]}, 0)
    roll.hear("c", {2: [1]}, 40)
    assert roll.forget(44, 45) == []
    assert roll.processes == 3
    assert roll.forget(45, 45) == [1]
    assert roll.processes == 2
    assert roll.is_online(2)


def test_a_process_that_says_goodbye_is_forgotten_sooner() -> None:
    roll = Roll("a", per_user=20)
    roll.hear("b", {1: [1]}, 0)
    roll.expect("b", 5, 45)
    assert roll.forget(4.9, 45) == []
    assert roll.forget(5, 45) == [1]


def test_a_process_that_was_stopped_forgets_nobody_for_its_own_silence() -> None:
    roll = Roll("a", per_user=20)
    roll.hear("b", {1: [1]}, 0)
    roll.hear_all(100)
    assert roll.forget(101, 45) == []


def test_changes_are_said_once() -> None:
    roll = Roll("a", per_user=20)
    roll.came(1, 10, 100)
    roll.came(1, 11, 101)
    roll.came(2, 12, 102)
    roll.went(2, 12)
    assert roll.take_changes() == {1: [100, 101], 2: []}
    assert roll.take_changes() == {}
    assert roll.whole() == {1: [100, 101]}


def test_of_too_many_connections_the_oldest_here_are_closed() -> None:
    one, two = Roll("a", per_user=3), Roll("b", per_user=3)
    for number, opened_at in enumerate([10, 40, 50]):
        one.came(1, number, opened_at)
    for number, opened_at in enumerate([20, 30]):
        two.came(1, number, opened_at)
    one.hear("b", two.whole(), 0)
    two.hear("a", one.whole(), 0)
    assert (one.excess(1), two.excess(1)) == ([0], [0])  # 10 and 20
    for roll in (one, two):
        roll.went(1, 0)
    one.hear("b", two.whole(), 0)
    two.hear("a", one.whole(), 0)
    assert (one.excess(1), two.excess(1)) == ([], [])


def test_connections_of_one_age_are_closed_by_one_process_only() -> None:
    one, two = Roll("a", per_user=1), Roll("b", per_user=1)
    one.came(1, 7, 10)
    two.came(1, 7, 10)
    one.hear("b", two.whole(), 0)
    two.hear("a", one.whole(), 0)
    assert (one.excess(1), two.excess(1)) == ([7], [])


def test_what_is_said_is_parted_and_nothing_is_lost() -> None:
    opened = {user_id: [user_id] * (user_id % 3 + 1) for user_id in range(50)}
    pieces = list(parts(opened, 10))
    assert len(pieces) > 10
    assert {user_id: times for piece in pieces for user_id, times in piece.items()} == opened
    assert list(parts({}, 10)) == [{}]

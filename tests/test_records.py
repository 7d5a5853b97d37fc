"""What models and events are made of."""

import pytest

from chatd.events import Change, MessageCreated, ReadMarkerMoved
from chatd.places import GroupPlace, UserPlace


def test_a_record_cannot_be_changed() -> None:
    where = UserPlace(1)
    with pytest.raises(AttributeError):
        where.id = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        where.another = 3  # type: ignore[attr-defined]
    assert where == UserPlace(1)


def test_records_are_equal_where_their_class_and_fields_are() -> None:
    assert UserPlace(1) == UserPlace(1)
    assert len({UserPlace(1), GroupPlace(1)}) == 2
    assert hash(UserPlace(1)) == hash(UserPlace(1))
    assert len({UserPlace(1), UserPlace(1), UserPlace(2)}) == 2


def test_a_kind_of_change_is_a_change() -> None:
    moved = ReadMarkerMoved(seq=1, recipients=(1, 2), reader_id=1, place=UserPlace(2), up_to=7)
    assert isinstance(moved, Change)
    assert not isinstance(moved, MessageCreated)
    match moved:
        case ReadMarkerMoved(reader_id=reader, up_to=up_to):
            assert (reader, up_to) == (1, 7)

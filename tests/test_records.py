"""What models and events are made of."""

import pytest

from chatd.events import Change, MessageCreated, ReadMarkerMoved
from chatd.models import Destination


def test_a_record_cannot_be_changed() -> None:
    where = Destination(user_id=1)
    with pytest.raises(AttributeError):
        where.user_id = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        where.another = 3  # type: ignore[attr-defined]
    assert where == Destination(user_id=1)


def test_records_are_equal_where_their_class_and_fields_are() -> None:
    assert Destination(1) == Destination(user_id=1)
    assert Destination(1) != Destination(group_id=1)
    assert hash(Destination(1)) == hash(Destination(1))
    assert len({Destination(1), Destination(1), Destination(2)}) == 2


def test_a_kind_of_change_is_a_change() -> None:
    moved = ReadMarkerMoved(seq=1, recipients=(1, 2), reader_id=1, user_id=2, group_id=None, up_to=7)
    assert isinstance(moved, Change)
    assert not isinstance(moved, MessageCreated)
    match moved:
        case ReadMarkerMoved(reader_id=reader, up_to=up_to):
            assert (reader, up_to) == (1, 7)

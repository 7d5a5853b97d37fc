"""What disturbs a member of a group."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from chatd.events import LevelChanged
from chatd.models import Level, Stay
from chatd.places import GroupPlace
from chatd.services import joining
from chatd.storage import change_log, stays
from chatd.storage.commit import Transaction


def change(tx: Transaction, user_id: int, group_id: int, changes: Mapping[str, Any], *, now: int) -> Stay:
    """Change what disturbs somebody in a group, tell their own devices alone, and return what they are there.

    :param changes: ``notify``, and ``muted_until``, until when nothing does; None for no such time.
    :raises GroupNotFound: there is no such group, or they are not in it.
    """
    _, before = joining.require(tx.db, group_id, user_id)
    notify: Level = changes.get("notify", before.notify)
    muted_until: int | None = changes.get("muted_until", before.muted_until)
    after = msgspec.structs.replace(before, notify=notify, muted_until=muted_until)
    if after != before:
        stays.set_level(tx.db, group_id, user_id, notify, muted_until)
        data = json.dumps({"group_id": group_id, "notify": notify, "muted_until": muted_until})
        seq = change_log.append(tx.db, "notify", only_for=user_id, data=data, created_at=now)
        place = GroupPlace(group_id)
        tx.publish(LevelChanged(seq=seq, recipients=(user_id,), place=place, notify=notify, muted_until=muted_until))
    return after

"""Asking to join a group, and asking no longer: plain functions of a transaction.

The group's admins are told, and who asks.
"""

import json

from chatd.errors import Banned, TooManyJoinRequests
from chatd.events import JoinRequestChanged
from chatd.models import User
from chatd.storage import actions, change_log, join_requests, users
from chatd.storage.commit import Transaction

#: The most requests of one user that are open at the same time.
REQUESTS_MAX = 20


def ask(tx: Transaction, group_id: int, user_id: int, *, note: str | None, via: int | None, now: int) -> None:
    """Ask to join a group; asking again changes nothing.

    :param note: what the admins are to read.
    :param via: the code by which the user asks.
    :raises Banned: a ban keeps them out.
    :raises TooManyJoinRequests: they ask in too many groups already.
    """
    if actions.is_banned(tx.db, group_id, user_id, now):
        raise Banned
    if join_requests.find(tx.db, group_id, user_id) is not None:
        return
    if len(join_requests.made_by(tx.db, user_id)) >= REQUESTS_MAX:
        raise TooManyJoinRequests
    join_requests.insert(tx.db, group_id, user_id, note=note, via=via, created_at=now)
    _tell(tx, group_id, user_id, note, True, now)


def forget(tx: Transaction, group_id: int, user_id: int, *, now: int) -> None:
    """Ask no longer to join a group, whatever became of it; who does not ask need not."""
    if join_requests.remove(tx.db, group_id, user_id):
        _tell(tx, group_id, user_id, None, False, now)


def forget_all(tx: Transaction, user_id: int, *, now: int) -> None:
    """Ask nowhere any longer."""
    for group_id in join_requests.made_by(tx.db, user_id):
        forget(tx, group_id, user_id, now=now)


def drop_all(tx: Transaction, group_id: int, *, now: int) -> None:
    """Drop what is asked of a group that ends. Who asks is told; no admin is left to be."""
    for user_id in join_requests.remove_all(tx.db, group_id):
        _tell_asker(tx, group_id, users.require(tx.db, user_id), None, False, now)


def _tell(tx: Transaction, group_id: int, user_id: int, note: str | None, on: bool, now: int) -> None:
    """Tell the admins, and the one who asks. The note is in no log, which would keep it when it is gone."""
    user, circle = users.require(tx.db, user_id), tx.circle(group_id)
    data = json.dumps({"user": user_id, "on": on})
    seq = change_log.append(
        tx.db, "join_request", conversation_id=group_id, data=data, admins_only=True, created_at=now
    )
    admins = () if circle is None else circle.admins
    tx.publish(JoinRequestChanged(seq=seq, recipients=admins, group_id=group_id, user=user, note=note, on=on))
    _tell_asker(tx, group_id, user, note, on, now)


def _tell_asker(tx: Transaction, group_id: int, user: User, note: str | None, on: bool, now: int) -> None:
    data = json.dumps({"group_id": group_id, "user": user.id, "on": on})
    seq = change_log.append(tx.db, "join_request", only_for=user.id, data=data, created_at=now)
    tx.publish(JoinRequestChanged(seq=seq, recipients=(user.id,), group_id=group_id, user=user, note=note, on=on))

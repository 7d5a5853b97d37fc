"""Changing what a group is called, who sees it and who may what in it, and undoing that."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chatd.events import GroupChanged
from chatd.models import Action, Group, GroupRole
from chatd.services import auditing, joining
from chatd.services.names import searched
from chatd.storage import change_log, groups
from chatd.storage.commit import Transaction

#: What only the owner may change.
_OF_THE_OWNER = frozenset({"public", "history"})

#: What is noted of a change, by the fields of the record.
_NOTED = {
    "name": "name",
    "description": "description",
    "avatar_path": "avatar_path",
    "public": "is_public",
    "post": "post_rule",
    "invite": "invite_rule",
    "pin": "pin_rule",
    "slow_seconds": "slow_seconds",
    "approval": "approval",
    "history_from": "history_from",
    "history_since": "history_since",
}


def least(changes: Mapping[str, Any]) -> GroupRole:
    """Return what somebody has to be at least to make some changes."""
    return "owner" if _OF_THE_OWNER & changes.keys() else "admin"


def change(tx: Transaction, user_id: int, before: Group, changes: Mapping[str, Any], *, now: int) -> Group:
    """Change what ``changes`` name of a group, note it, and return the group.

    Newcomers see what is said from now on where ``history`` becomes ``all`` or a private group public.
    """
    rules = changes.get("rules") or {}
    after = msgspec.structs.replace(
        before,
        name=changes.get("name", before.name),
        description=changes.get("description", before.description),
        avatar_path=changes.get("avatar_path", before.avatar_path),
        is_public=changes.get("public", before.is_public),
        post_rule=rules.get("post") or before.post_rule,
        invite_rule=rules.get("invite") or before.invite_rule,
        pin_rule=rules.get("pin") or before.pin_rule,
        slow_seconds=changes.get("slow_seconds", before.slow_seconds),
        approval=changes.get("approval", before.approval),
    )
    opens = after.is_public and not before.is_public
    is_shown = before.history_from is not None
    history = changes.get("history") or ("all" if is_shown or opens else "joined")
    begins, stops = history == "all" and (opens or not is_shown), history == "joined" and is_shown
    if after == before and not begins and not stops:
        return before
    seq = change_log.append(tx.db, "group", conversation_id=before.id, user_id=user_id, created_at=now)
    if begins or stops:
        after = msgspec.structs.replace(
            after, history_from=seq if begins else None, history_since=now if begins else None
        )
    _store(tx, after, seq)
    was, now_is = _values(before), _values(after)
    changed = [name for name in was if was[name] != now_is[name]]
    auditing.note(
        tx,
        before.id,
        "change",
        user_id,
        None,
        {name: was[name] for name in changed},
        {name: now_is[name] for name in changed},
        now=now,
    )
    return after


def undo(tx: Transaction, action: Action, by: int, *, now: int) -> None:
    """Change back what an action has changed, but for what has been changed again since."""
    before, after = action.before or {}, action.after or {}
    group = joining.require_group(tx.db, action.group_id)
    is_now = _values(group)
    back = {_NOTED[name]: before[name] for name in after if is_now[name] == after[name]}
    restored = msgspec.structs.replace(group, **back)
    if restored != group:
        seq = change_log.append(tx.db, "group", conversation_id=group.id, user_id=by, created_at=now)
        _store(tx, restored, seq)


def undo_least(action: Action) -> GroupRole:
    """Return what somebody has to be at least to undo a change."""
    return "owner" if {"public", "history_from"} & (action.after or {}).keys() else "admin"


def _values(group: Group) -> dict[str, Any]:
    return {name: getattr(group, field) for name, field in _NOTED.items()}


def _store(tx: Transaction, group: Group, seq: int) -> None:
    """Store a group and tell its members."""
    groups.change(tx.db, group, searched(group.name))
    groups.set_history(tx.db, group.id, group.history_from, group.history_since)
    circle = tx.circle(group.id)
    assert circle is not None
    tx.publish(GroupChanged(seq=seq, recipients=circle.members, group=group))

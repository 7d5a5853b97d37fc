"""Renewal of the keys that names and reactions are found by, when the rule for them has changed."""

import contextlib

from chatd.errors import StorageUnavailable
from chatd.services.names import KEYS, folded, search_key
from chatd.services.reactions import reaction_key
from chatd.storage import old_reactions, users
from chatd.storage.commit import Transaction
from chatd.storage.database import Database


async def renew_where_due(db: Database) -> None:
    """Renew all keys if their rule has changed; if the disk is full, leave it to a later start."""
    if await db.read(users.keys_made_by) != KEYS:
        with contextlib.suppress(StorageUnavailable):
            await db.write(renew)


def renew(tx: Transaction) -> None:
    """Renew the keys of all names and reactions if another rule made them.

    Two accounts whose names have become equal stay two: one gets the key, and the other is found by its exact name; see
    :func:`chatd.services.names.account_keys`.
    """
    if users.keys_made_by(tx.db) == KEYS:
        return
    found = users.names(tx.db)
    taken = {key for _, _, key, _ in found}
    rows = []
    for user_id, username, old, nickname in found:
        key = folded(username) or old
        if key in taken:
            key = old
        taken.add(key)
        rows.append((key, search_key(username, nickname), user_id))
    users.set_keys(tx.db, rows, KEYS)
    for emoji in old_reactions.signs(tx.db):
        if (key := reaction_key(emoji)) != emoji:
            old_reactions.rename(tx.db, emoji, key)

"""What posting reads and writes: a few statements for any number of messages."""

from collections import Counter
from collections.abc import Collection, Sequence
from operator import itemgetter

from chatd.storage import visibility
from chatd.storage.engine import Addition, Sql, as_list, in_list
from chatd.storage.visibility import REMOVED, SEEN_BY_HIGH, SEEN_BY_LOW, hidden_from, present

Pair = tuple[int, int]

#: The columns of a new message, and its row. Most messages are no reply, and without columns that say so SQLite takes
#: a tenth less time for each.
_COLUMNS = ("id", "conversation_id", "sender_id", "content", "client_id", "created_at", "reply_to_id", "thread_id")
NewMessage = tuple[int, int, int, str, str | None, int, int | None, int | None]

_COUNT = Addition("conversations", ("message_count",), ("last_message_id", "last_kept_id"), ("id",))
_COUNT_REPLIES = Addition("messages", ("replies",), ("last_reply_id",), ("id",))
_COUNT_SENT = Addition("memberships", ("sent_count",), (), ("conversation_id", "user_id"), where=present("memberships"))


def insert(db: Sql, rows: Sequence[NewMessage], hidden: Sequence[Pair] = ()) -> bool:
    """Store new messages and count them in their conversations.

    :param rows: in the order of their ids, which are the next ``seq`` of the change log.
    :param hidden: the private messages among them that are hidden from their receivers: each id and receiver.
    :returns: False where one was there already, under its sender and ``client_id``: then the transaction is useless.
    """
    inserted = db.insert_new("messages", _COLUMNS[:-2], [row[:-2] for row in rows if row[-2] is None])
    replies = [row for row in rows if row[-2] is not None]
    if replies:
        inserted += db.insert_new("messages", _COLUMNS, replies)
    if inserted < len(rows):
        return False
    newest = {row[1]: row[0] for row in rows}
    by_sender = Counter(map(itemgetter(1, 2), rows))
    in_all = dict.fromkeys(newest, 0)
    for (conversation_id, _), count in by_sender.items():
        in_all[conversation_id] += count
    db.add_many(_COUNT, [(count, newest[key], newest[key], key) for key, count in in_all.items()])
    db.add_many(_COUNT_SENT, [(count, *key) for key, count in by_sender.items()])
    answered: dict[int, tuple[int, int]] = {}
    for row in replies:
        if row[-1] is not None:
            answered[row[-1]] = answered.get(row[-1], (0, 0))[0] + 1, row[0]
    if answered:
        db.add_many(_COUNT_REPLIES, [(count, last, root) for root, (count, last) in answered.items()])
    if hidden:
        visibility.hide_messages(db, hidden)
    return True


def sent_last(db: Sql, group_id: int, user_id: int) -> int | None:
    """Return when somebody sent something to a group last, while it was slow; None where they did not."""
    row = db.execute(
        """
        SELECT max(m.last_sent_at) AS sent_at FROM memberships AS m
        WHERE m.conversation_id = :group_id AND m.user_id = :user_id
        """,
        {"group_id": group_id, "user_id": user_id},
    ).fetchone()
    return None if row is None else row["sent_at"]


def note_sent(db: Sql, rows: Sequence[tuple[int, int, int]]) -> None:
    """Note when members of slow groups have sent something: the group, the user and the time of each."""
    db.executemany(
        f"""
        UPDATE memberships SET last_sent_at = :sent_at
        WHERE conversation_id = :group_id AND user_id = :user_id AND {present("memberships")}
        """,
        [{"group_id": group_id, "user_id": user_id, "sent_at": sent_at} for group_id, user_id, sent_at in rows],
    )


def by_client_ids(
    db: Sql, wanted: Collection[tuple[int, str]]
) -> dict[tuple[int, str], tuple[int, bytes | None, str | None]]:
    """Return the messages that are stored already under a sender and a ``client_id``.

    :returns: the id of each, what is kept of its content as first sent, see :mod:`chatd.services.firsts`, and what a
        removed one says.
    """
    rows = db.select_pairs(
        f"""
        SELECT m.sender_id, m.client_id, m.id, m.first_digest, CASE WHEN {REMOVED} THEN m.content END AS removed
        FROM pair CROSS JOIN messages AS m
        WHERE m.sender_id = pair.one AND m.client_id = pair.two
        """,
        wanted,
    )
    return {(row["sender_id"], row["client_id"]): (row["id"], row["first_digest"], row["removed"]) for row in rows}


def conversations_of(db: Sql, ids: Collection[int]) -> dict[int, tuple[int, int | None, int, int | None]]:
    """Return the conversation each of the messages is in, whom the message is hidden from, who sent it, and the first
    message of the thread that it answers in.
    """
    rows = db.execute(
        f"""
        SELECT m.id, m.conversation_id, {hidden_from("m")} AS blocker_id, m.sender_id, m.thread_id
        FROM messages AS m WHERE m.id IN {in_list("ids")}
        """,
        {"ids": as_list(ids)},
    )
    return {row["id"]: (row["conversation_id"], row["blocker_id"], row["sender_id"], row["thread_id"]) for row in rows}


def private_among(db: Sql, pairs: Collection[Pair]) -> list[tuple[int, Pair, tuple[int, ...]]]:
    """Return the private conversations there are between pairs of users.

    :returns: the id of each, its two members, and who of them sees a message in it.
    """
    rows = db.select_pairs(
        f"""
        SELECT c.id, c.low_user_id, c.high_user_id, {SEEN_BY_LOW} AS seen_by_low, {SEEN_BY_HIGH} AS seen_by_high
        FROM pair CROSS JOIN conversations AS c
        WHERE c.kind = 'private' AND c.low_user_id = pair.one AND c.high_user_id = pair.two
        """,
        {(min(pair), max(pair)) for pair in pairs},
    )
    return [
        (
            row["id"],
            (row["low_user_id"], row["high_user_id"]),
            (*[row["low_user_id"]] * (row["seen_by_low"] > 0), *[row["high_user_id"]] * (row["seen_by_high"] > 0)),
        )
        for row in rows
    ]


def begin_private(db: Sql, user_id: int, other_id: int, now: int) -> int:
    """Make the private conversation of two users, which is not there yet, and return its id."""
    (conversation_id,) = db.execute(
        """
        INSERT INTO conversations (kind, low_user_id, high_user_id, created_at)
        VALUES ('private', :low, :high, :now)
        RETURNING id
        """,
        {"low": min(user_id, other_id), "high": max(user_id, other_id), "now": now},
    ).fetchone()
    db.insert_many(
        "memberships", ("conversation_id", "user_id"), [(conversation_id, user_id), (conversation_id, other_id)]
    )
    return int(conversation_id)

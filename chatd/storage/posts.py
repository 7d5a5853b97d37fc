"""What posting reads and writes: a few statements for any number of messages."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter

from chatd.models import GroupRole, Members
from chatd.storage import visibility
from chatd.storage.engine import Addition, Sql, as_list, in_list
from chatd.storage.visibility import REMOVED, SEEN_BY_HIGH, SEEN_BY_LOW, hidden_from, present, seen_from

Pair = tuple[int, int]

#: What a member is in a group, and from which message on they see it.
Place = tuple[GroupRole, int]


#: In a group of more members than this, only its admins can name everybody.
ALL_MEMBERS_MAX = 20


class Circle:
    """A group and its present members, in the order of their ids."""

    __slots__ = ("_newest", "_places", "_post_rule", "_silenced", "id", "members")

    def __init__(
        self,
        group_id: int,
        post_rule: GroupRole,
        places: Mapping[int, Place],
        silenced: Mapping[int, int] | None = None,
    ) -> None:
        """Create the circle.

        :param silenced: until when members are silenced, of those who are.
        """
        self.id = group_id
        self.members = Members(places)
        self._post_rule = post_rule
        self._places = places
        self._silenced = silenced or {}
        self._newest = max((first_id for _, first_id in places.values()), default=0)

    def has(self, user_id: int) -> bool:
        """Report whether a user is a member."""
        return user_id in self._places

    def may_post(self, user_id: int) -> bool:
        """Report whether a member may write there."""
        return self._post_rule == "member" or self._places[user_id][0] != "member"

    @property
    def admins(self) -> tuple[int, ...]:
        """Its admins and its owner."""
        return tuple(user_id for user_id, (role, _) in self._places.items() if role != "member")

    def silenced_until(self, user_id: int, now: int) -> int | None:
        """Return until when a member is silenced; None for who is not. Nobody silences an owner."""
        until = self._silenced.get(user_id)
        return None if until is None or until <= now or self._places[user_id][0] == "owner" else until

    def may_name_all(self, user_id: int) -> bool:
        """Report whether ``@all`` of a member has an effect."""
        return len(self.members) <= ALL_MEMBERS_MAX or self._places[user_id][0] != "member"

    def shows(self, message_id: int, user_id: int) -> bool:
        """Report whether somebody is a member and sees a message of the group."""
        place = self._places.get(user_id)
        return place is not None and message_id >= place[1]

    def seeing(self, message_id: int) -> tuple[int, ...]:
        """Return the members who see a message of the group."""
        if message_id >= self._newest:
            return self.members
        return Members(user_id for user_id, (_, first_id) in self._places.items() if message_id >= first_id)


#: The columns of a new message, and its row. Most messages are no reply, and without a column that says so SQLite takes
#: a tenth less time for each.
_COLUMNS = ("id", "conversation_id", "sender_id", "content", "client_id", "created_at", "reply_to_id")
NewMessage = tuple[int, int, int, str, str | None, int, int | None]

_COUNT = Addition("conversations", ("message_count",), ("last_message_id", "last_kept_id"), ("id",))
_COUNT_SENT = Addition("memberships", ("sent_count",), (), ("conversation_id", "user_id"), where=present("memberships"))


def insert(db: Sql, rows: Sequence[NewMessage], hidden: Sequence[Pair] = ()) -> bool:
    """Store new messages and count them in their conversations.

    :param rows: in the order of their ids, which are the next ``seq`` of the change log.
    :param hidden: the private messages among them that are hidden from their receivers: each id and receiver.
    :returns: False where one was there already, under its sender and ``client_id``: then the transaction is useless.
    """
    inserted = db.insert_new("messages", _COLUMNS[:-1], [row[:-1] for row in rows if row[-1] is None])
    replies = [row for row in rows if row[-1] is not None]
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
    if hidden:
        visibility.hide_messages(db, hidden)
    return True


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


def conversations_of(db: Sql, ids: Collection[int]) -> dict[int, tuple[int, int | None, int]]:
    """Return the conversation each of the messages is in, whom the message is hidden from, and who sent it."""
    rows = db.execute(
        f"""
        SELECT m.id, m.conversation_id, {hidden_from("m")} AS blocker_id, m.sender_id FROM messages AS m
        WHERE m.id IN {in_list("ids")}
        """,
        {"ids": as_list(ids)},
    )
    return {row["id"]: (row["conversation_id"], row["blocker_id"], row["sender_id"]) for row in rows}


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


def circles(db: Sql, group_ids: Collection[int]) -> dict[int, Circle]:
    """Return who is in each group there is; one that nobody is in is not there."""
    rows = db.execute(
        f"""
        SELECT c.id, c.post_rule, m.user_id, m.role, {seen_from("m")} AS first_id, silence.until
        FROM conversations AS c JOIN memberships AS m ON m.conversation_id = c.id
        LEFT JOIN (
            SELECT a.conversation_id, a.user_id, max(a.until) AS until FROM actions AS a
            WHERE a.kind = 'silence' AND a.undone_at IS NULL AND a.ended_at IS NULL
                AND a.conversation_id IN {in_list("ids")}
            GROUP BY a.conversation_id, a.user_id
        ) AS silence ON silence.conversation_id = c.id AND silence.user_id = m.user_id
        WHERE c.kind = 'group' AND {present("m")} AND c.id IN {in_list("ids")}
        ORDER BY c.id, m.user_id
        """,
        {"ids": as_list(group_ids)},
    )
    rules: dict[int, GroupRole] = {}
    found: dict[int, dict[int, Place]] = {}
    silenced: dict[int, dict[int, int]] = {}
    for group_id, post_rule, user_id, role, first_id, until in rows:
        rules[group_id] = post_rule
        found.setdefault(group_id, {})[user_id] = role, first_id
        if until is not None:
            silenced.setdefault(group_id, {})[user_id] = until
    return {
        group_id: Circle(group_id, rules[group_id], places, silenced.get(group_id))
        for group_id, places in found.items()
    }

"""Who is in a group, and as what: what posting asks of every message."""

from collections.abc import Collection, Mapping

from chatd.models import GroupRole, Members
from chatd.storage.engine import Sql, as_list, in_list
from chatd.storage.members import SILENCED_UNTIL, SILENCES
from chatd.storage.visibility import present, seen_from

#: What a member is in a group, and from which message on they see it.
Place = tuple[GroupRole, int]


#: In a group of more members than this, only its admins can name everybody.
ALL_MEMBERS_MAX = 20


class Circle:
    """A group and its present members, in the order of their ids."""

    __slots__ = ("_newest", "_places", "_post_rule", "_silenced", "_slow_ms", "admins", "id", "is_large", "members")

    def __init__(
        self,
        group_id: int,
        post_rule: GroupRole,
        places: Mapping[int, Place],
        silenced: Mapping[int, int] | None = None,
        *,
        is_large: bool = False,
        slow_seconds: int = 0,
    ) -> None:
        """Create the circle.

        :param silenced: until when members are silenced, of those who are.
        :param slow_seconds: in what time members send once; 0: there is no limit.
        """
        self.id = group_id
        self.members = Members(places)
        #: Its admins and its owner.
        self.admins = tuple(user_id for user_id, (role, _) in places.items() if role != "member")
        self.is_large = is_large
        self._post_rule = post_rule
        self._slow_ms = slow_seconds * 1000
        self._places = places
        self._silenced = silenced or {}
        self._newest = max((first_id for _, first_id in places.values()), default=0)

    def after(
        self,
        post_rule: GroupRole,
        changes: Mapping[int, Place | None],
        silenced: Mapping[int, int],
        *,
        is_large: bool,
        slow_seconds: int,
    ) -> "Circle":
        """Return the circle after some people have come, gone, or become something else in it.

        :param changes: what each is now; None for those who are not there.
        :param silenced: until when each of them is silenced, of those who are.
        """
        places = dict(self._places)
        for user_id, place in changes.items():
            if place is None:
                places.pop(user_id, None)
            else:
                places[user_id] = place
        others = {user_id: until for user_id, until in self._silenced.items() if user_id not in changes}
        return Circle(
            self.id,
            post_rule,
            dict(sorted(places.items())),
            {**others, **silenced},
            is_large=is_large,
            slow_seconds=slow_seconds,
        )

    def has(self, user_id: int) -> bool:
        """Report whether a user is a member."""
        return user_id in self._places

    def may_post(self, user_id: int) -> bool:
        """Report whether a member may write there."""
        return self._post_rule == "member" or self._places[user_id][0] != "member"

    def slow_ms(self, user_id: int) -> int:
        """Return in what time a member sends once, in milliseconds; 0 where there is no limit, as for admins."""
        return self._slow_ms if self._places[user_id][0] == "member" else 0

    def silenced_until(self, user_id: int, now: int) -> int | None:
        """Return until when a member is silenced, or None. Nobody silences an owner."""
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


def load(db: Sql, group_ids: Collection[int]) -> dict[int, Circle]:
    """Return who is in each group there is; one that nobody is in is not there."""
    rows = db.execute(
        f"""
        SELECT c.id, c.post_rule, c.is_large, c.slow_seconds, m.user_id, m.role, {seen_from("m")} AS first_id,
            silence.until
        FROM conversations AS c JOIN memberships AS m ON m.conversation_id = c.id
        LEFT JOIN (
            SELECT a.conversation_id, a.user_id, max(a.until) AS until FROM actions AS a
            WHERE {SILENCES} AND a.conversation_id IN {in_list("ids")}
            GROUP BY a.conversation_id, a.user_id
        ) AS silence ON silence.conversation_id = c.id AND silence.user_id = m.user_id
        WHERE c.kind = 'group' AND {present("m")} AND c.id IN {in_list("ids")}
        ORDER BY c.id, m.user_id
        """,
        {"ids": as_list(group_ids)},
    )
    rules: dict[int, tuple[GroupRole, bool, int]] = {}
    found: dict[int, dict[int, Place]] = {}
    silenced: dict[int, dict[int, int]] = {}
    for group_id, post_rule, is_large, slow_seconds, user_id, role, first_id, until in rows:
        rules[group_id] = post_rule, is_large == 1, slow_seconds
        found.setdefault(group_id, {})[user_id] = role, first_id
        if until is not None:
            silenced.setdefault(group_id, {})[user_id] = until
    return {
        group_id: Circle(
            group_id, rule, found[group_id], silenced.get(group_id), is_large=is_large, slow_seconds=slow_seconds
        )
        for group_id, (rule, is_large, slow_seconds) in rules.items()
    }


def follow(db: Sql, known: Mapping[int, Circle], changed: Collection[tuple[int, int]]) -> dict[int, Circle]:
    """Return circles as they are after the changes of some members; one that nobody is in any more is not there.

    :param known: the circles before, by group.
    :param changed: the group and the user of each change.
    """
    rows = db.select_pairs(
        f"""
        SELECT pair.one AS group_id, pair.two AS user_id, c.post_rule, c.is_large, c.slow_seconds, stay.role,
            {seen_from("stay")} AS first_id, ({SILENCED_UNTIL}) AS until
        FROM pair
        JOIN conversations AS c ON c.id = pair.one
        LEFT JOIN memberships AS stay
            ON stay.conversation_id = pair.one AND stay.user_id = pair.two AND {present("stay")}
        """,
        changed,
    )
    found: dict[int, Circle] = {}
    places: dict[int, dict[int, Place | None]] = {}
    silenced: dict[int, dict[int, int]] = {}
    rules: dict[int, tuple[GroupRole, bool, int]] = {}
    for group_id, user_id, post_rule, is_large, slow_seconds, role, first_id, until in rows:
        rules[group_id] = post_rule, is_large == 1, slow_seconds
        places.setdefault(group_id, {})[user_id] = None if role is None else (role, first_id)
        if until is not None and role is not None:
            silenced.setdefault(group_id, {})[user_id] = until
    for group_id, (rule, is_large, slow_seconds) in rules.items():
        after = known[group_id].after(
            rule, places[group_id], silenced.get(group_id, {}), is_large=is_large, slow_seconds=slow_seconds
        )
        if after.members:
            found[group_id] = after
    return found

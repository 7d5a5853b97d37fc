"""Who is connected, here and to the other processes, by what they say of it. No I/O happens here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

#: When each connection of a user was opened, in milliseconds since 1970, by the user's id.
Opened = Mapping[int, Sequence[int]]


class Roll:
    """The connections of all users, by process.

    The methods that learn something return the users who have come or gone by it: who had no connection anywhere and
    has one now, or the other way round.
    """

    def __init__(self, name: str, *, per_user: int) -> None:
        """Create the roll of a process that is alone.

        :param name: the name of this process, in the order of which connections of the same age count.
        :param per_user: how many connections a user may have, over all processes; 0: no limit.
        """
        self._name = name
        self._per_user = per_user
        self._own: dict[int, dict[int, int]] = {}
        self._others: dict[str, dict[int, tuple[int, ...]]] = {}
        self._heard: dict[str, float] = {}
        self._elsewhere: Counter[int] = Counter()
        self._changed: set[int] = set()

    def came(self, user_id: int, number: int, opened_at: int) -> bool:
        """Add a connection to this process, and report whether the user has come by it.

        :param number: of the connection.
        :param opened_at: when it was opened, in milliseconds since 1970.
        """
        was_online = self.is_online(user_id)
        self._own.setdefault(user_id, {})[number] = opened_at
        self._changed.add(user_id)
        return not was_online

    def went(self, user_id: int, number: int) -> bool:
        """Remove a connection to this process, if it is there, and report whether the user has gone by it."""
        if self._own.get(user_id, {}).pop(number, None) is None:
            return False
        if not self._own[user_id]:
            del self._own[user_id]
        self._changed.add(user_id)
        return not self.is_online(user_id)

    def is_online(self, user_id: int) -> bool:
        """Report whether a user has a connection to any process."""
        return user_id in self._own or user_id in self._elsewhere

    def take_changes(self) -> Opened:
        """Return what has changed here since the last call, for the others; no connections: the user is gone."""
        changes = {user_id: list(self._own.get(user_id, {}).values()) for user_id in sorted(self._changed)}
        self._changed.clear()
        return changes

    def whole(self) -> Opened:
        """Return all connections to this process."""
        return {user_id: list(opened.values()) for user_id, opened in self._own.items()}

    def hear(self, process: str, opened: Opened, now: float) -> list[int]:
        """Take what another process says has changed there.

        :param now: a monotonic time, in seconds.
        """
        self._heard[process] = now
        return self._replace(process, opened)

    def hear_whole(self, process: str, opened: Opened, now: float) -> list[int]:
        """Take all that another process says is there."""
        self._heard[process] = now
        gone: Opened = {user_id: () for user_id in self._others.get(process, ()) if user_id not in opened}
        return self._replace(process, {**gone, **opened})

    def expect(self, process: str, until: float, lifetime: float) -> None:
        """Forget another process soon, as it has said goodbye.

        :param until: the time at which :meth:`forget`, if called with ``lifetime``, forgets it.
        """
        if process in self._heard:
            self._heard[process] = until - lifetime

    def forget(self, now: float, lifetime: float) -> list[int]:
        """Forget the processes that have said nothing for ``lifetime`` seconds."""
        silent = [process for process, heard in self._heard.items() if now - heard >= lifetime]
        changed: list[int] = []
        for process in silent:
            changed += self.hear_whole(process, {}, now)
            del self._heard[process]
            self._others.pop(process, None)
        return changed

    def hear_all(self, now: float) -> None:
        """Take every process for heard, as it was this one that did not listen."""
        self._heard = dict.fromkeys(self._heard, now)

    @property
    def processes(self) -> int:
        """How many processes there are, this one included."""
        return 1 + len(self._heard)

    def excess(self, user_id: int) -> list[int]:
        """Return the numbers of the connections here that are too old for a user with too many of them."""
        own = self._own.get(user_id)
        if not self._per_user or not own or user_id not in self._elsewhere:  # alone, the registry sees to it
            return []
        connections = [(opened_at, self._name, number) for number, opened_at in own.items()]
        for process, users in self._others.items():
            connections += [(opened_at, process, 0) for opened_at in users.get(user_id, ())]
        connections.sort()
        too_many = max(0, len(connections) - self._per_user)
        return [number for _, process, number in connections[:too_many] if process == self._name]

    def _replace(self, process: str, opened: Opened) -> list[int]:
        there = self._others.setdefault(process, {})
        changed = []
        for user_id, times in opened.items():
            was_online = self.is_online(user_id)
            if times and user_id not in there:
                self._elsewhere[user_id] += 1
            elif not times and user_id in there:
                self._elsewhere[user_id] -= 1
                if not self._elsewhere[user_id]:
                    del self._elsewhere[user_id]
            if times:
                there[user_id] = tuple(times)
            else:
                there.pop(user_id, None)
            if self.is_online(user_id) != was_online:
                changed.append(user_id)
        return changed


def parts(opened: Opened, size: int) -> Iterable[Opened]:
    """Part what is to be said into pieces of about ``size`` connections and users; one at least."""
    part: dict[int, Sequence[int]] = {}
    filled = 0
    for user_id, times in opened.items():
        if part and filled + 1 + len(times) > size:
            yield part
            part, filled = {}, 0
        part[user_id] = times
        filled += 1 + len(times)
    yield part

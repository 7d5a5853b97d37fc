"""What may be told when: commits in the order of their numbers, our own among those of others. No I/O happens here.

Numbers are dense, as they are given under the lock that all commits hold. So a number that is missing was not heard of,
and what lies above it waits until it was read from the table of commits.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from chatd.storage.engine import Hint, Told

#: How far above what is told commits of others are kept; what lies higher is read from the table in its turn.
WINDOW = 10_000

#: The events of a commit that does not say what happened: nil, in MessagePack.
UNSAID = b"\xc0"

#: Publishes the events of a commit of our own, and answers its callers.
Settle = Callable[[], None]


class Behind(Exception):
    """The commits that come next are no longer kept."""


class Order:
    """Takes commits in whatever order they are heard of, and gives them back by number, each once.

    Our own are known in three ways: :meth:`begin` and :meth:`end` say that one is on its way and what became of it, and
    others tell of it too. Where it ended in an error but is there (a commit whose wait for a standby was cancelled), it
    is told as if it were of another process, as all others tell it.
    """

    def __init__(self, writer: str, told: int, *, window: int = WINDOW) -> None:
        """Create the order.

        :param writer: the name of our own process.
        :param told: the number up to which there is nothing to tell.
        :param window: how far above what is told commits of others are kept.
        """
        self._writer = writer
        self._window = window
        #: The number up to which everything has been told.
        self.told = told
        #: The highest number that was heard of.
        self.newest = told
        self._others: dict[int, bytes] = {}
        self._unread: set[int] = set()
        self._own: dict[int, Settle] = {}
        #: What settles our own of which nothing was committed, by the number after which it is told.
        self._failed: dict[int, list[Settle]] = {}
        self._is_own_on_way = False
        #: The number up to which no commit of our own can be the one on its way.
        self._known = told

    def begin(self) -> None:
        """Note that a commit of our own is on its way; there is one at most."""
        self._is_own_on_way = True
        self._known = self.newest

    def end(self, number: int | None, settle: Settle) -> None:
        """Note what became of our own commit.

        :param number: its number; None if nothing was committed.
        :param settle: called in its turn; without a number, or with one that was skipped while it was in doubt, right
            after our own commit before it.
        """
        self._is_own_on_way = False
        if number is None or number <= self.told:
            self._failed.setdefault(max(self._own, default=self.told), []).append(settle)
            return
        self._own[number] = settle
        self.newest = max(self.newest, number)
        self._known = max(self._known, number)

    def hear(self, hints: Iterable[Hint]) -> None:
        """Take what was heard, in any order, also of what is told already."""
        for number, writer, events in hints:
            self.newest = max(self.newest, number)
            if number <= self.told or number in self._others or number in self._own:
                continue
            if writer == self._writer and self._is_own_on_way and number > self._known:
                continue  # it comes by ``end``, or is read once it is known not to
            if events is None:
                self._unread.add(number)
            elif number <= self.told + self._window:
                self._others[number] = events

    def read(self, commits: Sequence[Told]) -> None:
        """Take what the table holds above :attr:`told`, ascending.

        :raises Behind: what comes next is not there any more.
        """
        for place, commit in enumerate(commits, self.told + 1):
            if commit.number != place:
                raise Behind
        self.hear(Hint(number, writer, UNSAID if events is None else events) for number, writer, events in commits)

    def ready(self) -> Iterator[bytes | list[Settle]]:
        """Yield, in order, what may be told now: the events of others, or what settles our own."""
        while True:
            if failed := self._failed.pop(self.told, None):
                yield failed
            number = self.told + 1
            own, others = self._own.pop(number, None), self._others.pop(number, None)
            item = others if own is None else [own]
            if item is None:
                return
            self._unread.discard(number)
            self.told = number
            yield item

    def uncommitted(self) -> list[Settle]:
        """Return what settles all our own of which nothing was committed, also where commits of ours wait before it."""
        settles = [settle for number in sorted(self._failed) for settle in self._failed[number]]
        self._failed.clear()
        return settles

    @property
    def is_behind(self) -> bool:
        """Whether something is known to be there that cannot be told yet."""
        return self.newest > self.told

    @property
    def is_unread(self) -> bool:
        """Whether what comes next was announced without its events."""
        return self.told + 1 in self._unread

    def skip_to(self, number: int) -> list[Settle]:
        """Go on after ``number``: what lies below and is not told will never be.

        :returns: what settles our own up to there, in order.
        """
        settles: list[Settle] = []
        for each in sorted({*self._own, *self._failed}):
            if each <= number:
                settles += [self._own.pop(each)] if each in self._own else []
                settles += self._failed.pop(each, [])
        self._others = {other: each for other, each in self._others.items() if other > number}
        self._unread = {each for each in self._unread if each > number}
        self.told = max(self.told, number)
        self.newest = max(self.newest, self.told)
        return settles

    def begin_again(self, number: int) -> None:
        """Follow another table of commits, after ``number``; our own commits have been skipped."""
        self.told = self.newest = self._known = number
        self._others.clear()
        self._unread.clear()

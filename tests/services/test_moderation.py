"""Whatever is done to members of a group and undone, in whatever order: all is as a plain model says, also with all
undone in the end.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.events import MembershipChanged
from chatd.services import joining, moderating
from chatd.services.moderating import Wanted
from chatd.storage import stays
from tests.services.group_model import GROUP, PEOPLE, Done, World, fresh_database
from tests.services.in_memory import opened

DEEDS = ["kick", "ban", "silence", "remove"]
SAYING = ["join", "join", "join", "leave", *["send"] * 3, "edit", "delete", "react", "read", "end", "promote"]

steps = st.lists(
    st.tuples(
        st.sampled_from([*SAYING, *DEEDS * 2, "ban", "ban", *["undo"] * 5, "stop"]),
        st.sampled_from(PEOPLE),
        st.sampled_from([2, 2, *PEOPLE]),
        st.integers(0, 9),
    ),
    min_size=20,
    max_size=60,
)

RANKS = {"member": 0, "admin": 1, "owner": 2}

#: After all that the world's clock says.
LATER = 10**6


class ModeratedWorld(World):
    """The world in which members have something done to them."""

    @property
    def owner(self) -> int:
        """Who owns the group."""
        (owner,) = [person for person in PEOPLE if self.rank(person) == RANKS["owner"]]
        return owner

    def rank(self, person: int) -> int:
        """Return how high somebody ranks; -1 for somebody who is not there."""
        stay = stays.find(self.db, GROUP, person)
        return -1 if stay is None else RANKS[stay.role]

    def deed(self, kind: Any, actor: int, person: int, number: int) -> None:
        """Let somebody do something to somebody in both."""
        model = self.model
        theirs = [each for each in model.sent if model.sent[each] == person]
        one = theirs[-1 - number // 2] if kind == "remove" and number % 2 and number // 2 < len(theirs) else None
        span: Any = "all" if one is None and (kind == "remove" or (kind == "ban" and number % 2)) else "none"
        wanted = Wanted(kind, () if one else (person,), one, LATER if kind == "silence" else None, span, None)
        may = self.rank(actor) > 0 and actor != person and self.rank(actor) > self.rank(person)
        may = may and (person in model.members or kind in ("ban", "remove"))
        if one is not None:
            may = may and one in model.seen(actor) and not model.is_gone(one)
        rank = self.rank(person)
        changes = self.do(lambda tx: moderating.act(tx, actor, GROUP, wanted, now=1))
        assert (changes is not None) == may
        if changes is None:
            return
        took = {one} if one is not None else set(theirs) if span == "all" else set()
        stay = model.members.get(person) if kind in ("kick", "ban") else None
        if person not in model.members:
            last = model.last.get(person)
            stay = last if any(each.stay is last and not each.undone for each in model.actions) else None
        elif stay is not None:
            stay.rank = rank
            del model.members[person]
        model.actions.append(Done(changes[0].seq, kind, person, frozenset(took), stay))

    def may_take_back(self, actor: int, action: Done) -> bool:
        """Report whether somebody is above whom an action concerns, or was above them before it put them out."""
        rank = self.rank(action.user)
        if rank < 0 and action.stay is not None and self.model.last[action.user] is action.stay:
            rank = action.stay.rank
        return self.rank(actor) > 0 and self.rank(actor) > rank

    def undo(self, actor: int, action: Done) -> None:
        """Undo something in both."""
        model = self.model

        def work(tx: Any) -> None:
            _, found = moderating.require_action(tx.db, actor, GROUP, action.id, 1)
            moderating.undo(tx, found, actor, now=1)

        changes = self.do(work)
        assert (changes is not None) == (self.rank_before and not action.undone)
        if changes is None:
            return
        action.undone = True
        person, stay = action.user, action.stay
        is_held = any(each.stay is stay and not each.undone for each in model.actions)
        back = [each for each in changes if isinstance(each, MembershipChanged)]
        if stay is not None and person not in model.members and model.last[person] is stay and not is_held:
            (joined,) = back
            model.members[person] = stay
            stay.joined = joined.seq
        else:
            assert back == []

    def stop(self, actor: int, action: Done) -> None:
        """End something in both."""

        def work(tx: Any) -> None:
            _, found = moderating.require_action(tx.db, actor, GROUP, action.id, 1)
            moderating.end(tx, found, now=1)

        changes = self.do(work)
        fits = action.kind in ("ban", "silence") and not action.undone
        assert (changes is not None) == (self.may_take_back(actor, action) and fits)
        if changes is not None:
            action.ended = True

    rank_before = False

    def take(self, kind: str, actor: int, person: int, number: int) -> None:
        """Take a step in both."""
        if number > 1 and self.model.members:
            actor = self.owner
        if kind == "promote":
            if self.rank(person) == 0:
                self.do(lambda tx: joining.set_role(tx, GROUP, person, "admin", now=1))
        elif kind in DEEDS:
            self.deed(kind, actor, person, number)
        elif kind in ("undo", "stop"):
            if self.model.actions and self.model.members:
                action = self.model.actions[-1 - number % len(self.model.actions)]
                self.rank_before = self.may_take_back(actor, action)
                (self.undo if kind == "undo" else self.stop)(actor, action)
        else:
            self.step(kind, person, number)


@settings(max_examples=30, deadline=None)
@given(steps, st.randoms(use_true_random=False))
def test_actions_and_their_undoing_are_what_a_plain_model_says(
    taken: list[tuple[str, int, int, int]], dice: Any
) -> None:
    with opened(fresh_database()) as db:
        world = ModeratedWorld(db)
        for step in taken:
            world.take(*step)
            world.check()
            if not world.model.members:
                world.restore()
                world.check()
        owner = world.owner
        rest = [each for each in world.model.actions if not each.undone]
        dice.shuffle(rest)
        for action in rest:
            world.rank_before = world.may_take_back(owner, action)
            world.undo(owner, action)
            world.check()

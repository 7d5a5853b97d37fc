"""What everybody is answered: a row for each thing to ask."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.attackers.world import NOWHERE, ROLES, World


@dataclass(frozen=True)
class Row:
    """What everybody is answered on one route.

    :param answers: the statuses for a stranger, a former member, a member and the owner. Who was kicked or banned is
        answered as a former member.
    :param invited: the status for somebody whom a member has invited, where that is another one than for a stranger.
    :param silenced: the status for a silenced member, where that is another one than for a member.
    :param thing: returns the path, or the data of a command, that names something there is.
    :param nothing: the same for something there is not, or a function that returns it; None where nothing is named.
    """

    answers: str
    thing: Callable[[World], Any]
    nothing: Any = None
    request: Callable[[], dict[str, Any]] = dict
    public: bool = False
    silenced: str | None = None
    invited: str | None = None

    def expected(self, shut_out: tuple[str, str]) -> dict[str, str]:
        """Return the answers by role; who is not signed in is shut out of all that is not public."""
        stranger, former, member, owner = self.answers.split()
        anonymous, disabled = (stranger,) * 2 if self.public else shut_out
        silenced = member if self.silenced is None else self.silenced
        invited = stranger if self.invited is None else self.invited
        answers = (anonymous, disabled, stranger, invited, stranger, former, former, former, silenced, member, owner)
        return dict(zip(ROLES, answers, strict=True))


def everybody(answer: str, path: str, **request: Any) -> Row:
    """Return the row of what anybody may ask."""
    return Row(" ".join([answer] * 4), lambda _: path, request=lambda: request, public=True)


def ones_own(answer: str, path: str, **request: Any) -> Row:
    """Return the row of what concerns nobody but who asks."""
    return Row(" ".join([answer] * 4), lambda _: path, request=lambda: request)


def of_a_person(path: str, answers: str = "200 200 200 200", **request: Any) -> Row:
    """Return the row of what is done to somebody; anybody signed in may look at them, say, and write to them."""
    return Row(answers, lambda w: path.format(w.bystander.id), path.format(NOWHERE), lambda: request)


def of_a_message(answers: str, path: str, *, silenced: str | None = None, **request: Any) -> Row:
    """Return the row of what is done to a message of the owner's."""
    return Row(answers, lambda w: path.format(w.message()), path.format(NOWHERE), lambda: request, silenced=silenced)


def of_a_private_message(answers: str, path: str, **request: Any) -> Row:
    """Return the row of what is done to a private message from the owner to the member."""
    return Row(
        answers, lambda w: path.format(w.private()), path.format(NOWHERE), lambda: request, silenced=answers.split()[0]
    )


def of_the_group(answers: str, path: str, *, silenced: str | None = None, **request: Any) -> Row:
    """Return the row of what is done to the group."""
    return Row(answers, lambda w: path.format(w.group), path.format(NOWHERE), lambda: request, silenced=silenced)


def of_an_action(answers: str, path: str, action: str) -> Row:
    """Return the row of what is done to an action in the group.

    :param action: its name in the world.
    """
    return Row(answers, lambda w: path.format(w.group, w.actions[action]), path.format(NOWHERE, 1))

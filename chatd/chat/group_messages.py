"""What the keys do with the messages of a group, and with those who ask to join it: pins, threads and requests."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from textual.app import App

from chatd.chat.controller import Controller
from chatd.chat.drawing import clean_line, clipped
from chatd.chat.find import Find
from chatd.chat.names import name_of
from chatd.chat.writing import Writing
from chatd.client import Brief, ChatError, Group, JoinRequest, Message

#: How much of a message a notice quotes, in cells.
QUOTED = 30

#: The most messages of a thread that are shown: the newest.
THREAD_MAX = 50


@dataclass(frozen=True)
class Decision:
    """What an admin may answer to somebody who asks to join."""

    request: JoinRequest
    accept: bool


class GroupMessageKeys:
    """Carries out what the keys ask for in the group that is open."""

    def __init__(
        self,
        app: App[Any],
        controller: Controller,
        say: Callable[[str], None],
        writing: Writing,
        answer: Callable[[Message], None],
    ) -> None:
        """Create one.

        :param say: tells the user something.
        :param writing: knows which message the user answers.
        :param answer: lets the user answer a message.
        """
        self._app = app
        self._controller = controller
        self._say = say
        self._writing = writing
        self._answer = answer

    def do(self, what: str, group: Group) -> None:
        """Do what a key stands for: ``pins``, ``pin``, ``thread`` or ``requests``."""
        if what == "requests":
            self._show_requests(group)
            return
        if what == "pins":
            self._show(f"Pinned in {clean_line(group.name)}", self._pinned(group), "nothing is pinned")
            return
        message = self._meant()
        if message is None:
            self._say("There is no message yet")
        elif what == "pin":
            self._controller.start(self._carefully(self._pin(group, message)))
        else:
            self._show("The thread", self._thread(message), "nobody has answered")

    def _meant(self) -> Message | None:
        """Return the message that the user answers, or else the newest one."""
        if self._writing.replying is not None:
            return self._writing.replying
        chat = self._controller.chat
        there = [each for each in chat.history if each.deleted_at is None] if chat is not None else []
        return there[-1] if there else None

    async def _pinned(self, group: Group) -> Sequence[Message]:
        return (await self._controller.client.groups.pinned(group)).items

    async def _thread(self, message: Message) -> Sequence[Message]:
        return (await self._controller.client.groups.thread(message, limit=THREAD_MAX)).items

    async def _pin(self, group: Group, message: Message) -> str:
        groups, said = self._controller.client.groups, f"“{clipped(clean_line(message.content), QUOTED)}”"
        if any(each.id == message.id for each in await self._pinned(group)):
            await groups.unpin(message)
            return f"No longer pinned: {said}"
        await groups.pin(message)
        return f"Pinned: {said}"

    def _show(self, question: str, load: Awaitable[Sequence[Message]], nothing: str) -> None:
        """Show messages, of which one may be answered; they are loaded once."""
        loaded: list[Sequence[Message]] = []

        async def find(text: str) -> Sequence[Message]:
            if not loaded:
                loaded.append([each for each in await load if each.deleted_at is None])
            return [each for each in loaded[0] if text.casefold() in _said(each).casefold()]

        def chosen(message: Message | None) -> None:
            if message is not None:
                self._answer(message)

        self._app.push_screen(
            Find(question, find, _said, wanted="part of a message", nothing=nothing, enter="answer"), chosen
        )

    def _show_requests(self, group: Group) -> None:
        async def find(text: str) -> Sequence[Decision]:
            asking = await self._controller.client.groups.requests(group)
            wanted = [each for each in asking if text.casefold() in person(each.user).casefold()]
            return [Decision(each, accept) for each in wanted for accept in (True, False)]

        def decided(decision: Decision | None) -> None:
            if decision is not None:
                self._controller.start(self._carefully(self._decide(group, decision)))

        self._app.push_screen(
            Find(
                f"Who asks to join {clean_line(group.name)}?",
                find,
                _decision,
                wanted="part of a name",
                nothing="nobody asks",
                enter="do it",
            ),
            decided,
        )

    async def _decide(self, group: Group, decision: Decision) -> str:
        await self._controller.client.groups.decide(group, decision.request.user, accept=decision.accept)
        name = clean_line(name_of(decision.request.user))
        return f"{name} is in" if decision.accept else f"{name} is not let in"

    async def _carefully(self, work: Awaitable[str]) -> None:
        try:
            self._say(await work)
        except ChatError as error:
            self._say(error.detail)


def person(user: Brief) -> str:
    """Return somebody's name and username in one line."""
    return f"{clean_line(name_of(user))} (@{clean_line(user.username)})"


def _said(message: Message) -> str:
    return f"{clean_line(name_of(message.sender))}: {clean_line(message.content)}"


def _decision(decision: Decision) -> str:
    asking = decision.request
    if not decision.accept:
        return f"refuse {person(asking.user)}"
    return f"let in {person(asking.user)}" + (f": {clean_line(asking.note)}" if asking.note else "")

"""What the keys do to groups: joining one, seeing who is there, saying what disturbs one, leaving."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from textual.app import App

from chatd.chat.chats import Chat
from chatd.chat.controller import Controller
from chatd.chat.drawing import clean_line
from chatd.chat.find import Find
from chatd.chat.group_messages import GroupMessageKeys, person
from chatd.chat.names import name_of
from chatd.chat.writing import Writing
from chatd.client import ChatError, Group, Member, Message, Place, Preview, Refused

#: What may disturb one in a group, in the order in which a key goes through it, and what each means.
LEVELS = {
    "all": "every message",
    "mentions": "what names or answers you, or names all",
    "named": "what names or answers you",
    "none": "nothing",
}

#: The least length of what is looked up as a code, in characters.
CODE_MIN = 20


@dataclass(frozen=True)
class WayIn:
    """A group that one may join: by what, and why."""

    group: Preview
    by: int | str
    why: str


def is_code(text: str) -> bool:
    """Report whether a text may be a code, or the address of the page that takes it."""
    return "/join/" in text or (len(text) >= CODE_MIN and " " not in text)


class GroupKeys:
    """Carries out what the keys for groups ask for."""

    def __init__(
        self,
        app: App[Any],
        controller: Controller,
        open_place: Callable[[Place], None],
        say: Callable[[str], None],
        writing: Writing,
        answer: Callable[[Message], None],
    ) -> None:
        """Create one.

        :param open_place: opens a chat.
        :param say: tells the user something.
        :param writing: knows what the user can still read of that, and which message they answer.
        :param answer: lets the user answer a message.
        """
        self._app = app
        self._controller = controller
        self._open = open_place
        self._say = say
        self._writing = writing
        self._messages = GroupMessageKeys(app, controller, say, writing, answer)

    def do(self, what: str) -> None:
        """Do what a key stands for: ``join``, ``members``, ``level``, ``leave``, or what is done with messages and
        requests.
        """
        chat, state = self._controller.chat, self._controller.state
        if state is None:
            return
        if what == "join":
            self._app.push_screen(
                Find(
                    "Join which group?",
                    self.ways_in,
                    lambda way: f"# {clean_line(way.group.name)} ({way.why})",
                    wanted="a code, a link, or part of a name",
                    nothing="no such group, or the code is no good",
                    enter="join",
                ),
                self._join,
            )
        elif chat is None or not isinstance(chat.partner, Group):
            self._say("That is for groups: F4 joins one")
        elif what == "members":
            self._show_members(chat.partner)
        elif what == "level":
            self._controller.start(self._next_level(chat))
        elif what != "leave":
            self._messages.do(what, chat.partner)
        elif self._writing.notice == (warning := f"F9 again leaves {clean_line(chat.name)}"):
            self._controller.start(self._carefully(self._controller.client.groups.leave(chat.partner)))
        else:
            self._say(warning)

    async def ways_in(self, text: str) -> Sequence[WayIn]:
        """Return the groups that one may join, by a code or because one is invited, and public ones by their names."""
        groups = self._controller.client.groups
        if is_code(text):
            try:
                way = await groups.look(text)
            except Refused as error:
                if error.status != 404:
                    raise
            else:
                return [WayIn(way.preview, text, f"a code from {clean_line(name_of(way.sender))}")]
        invited = [
            WayIn(each.group, each.group.id, f"{clean_line(name_of(each.sender))} invites you")
            for each in await groups.invitations()
            if text.casefold() in each.group.name.casefold()
        ]
        known = {way.group.id for way in invited}
        found = await groups.public(text or None)
        return [*invited, *(WayIn(each, each.id, _members(each)) for each in found if each.id not in known)]

    def _join(self, way: WayIn | None) -> None:
        if way is not None:
            self._controller.start(self._come_in(way))

    async def _come_in(self, way: WayIn) -> None:
        try:
            joined = await self._controller.client.groups.join(way.by)
        except ChatError as error:
            self._say(error.detail)
            return
        state = self._controller.state
        if joined is None:
            self._say("You have asked to join: an admin of the group lets you in.")
        elif state is not None:
            chat = state.open(joined.group)
            chat.partner, chat.me = joined.group, joined.me
            chat.activity = chat.activity or joined.me.visible_from
            state.invitations.discard(joined.group.id)
            self._open(chat.place)

    def _show_members(self, group: Group) -> None:
        async def find(text: str) -> Sequence[Member]:
            return (await self._controller.client.groups.members(group, text or None)).members

        def found(member: Member | None) -> None:
            state = self._controller.state
            if member is not None and state is not None and member.user.id != state.me.id:
                self._open(state.open(member.user).place)

        self._app.push_screen(
            Find(
                f"In {clean_line(group.name)}: {_members(group)}",
                find,
                lambda member: person(member.user) + ("" if member.role == "member" else f" · {member.role}"),
                wanted="part of a name",
                nothing="nobody there is called that",
                enter="write to them",
            ),
            found,
        )

    async def _next_level(self, chat: Chat) -> None:
        levels = list(LEVELS)
        level = levels[(levels.index(chat.level) + 1) % len(levels)] if chat.level in levels else levels[0]
        assert isinstance(chat.partner, Group)
        await self._carefully(
            self._controller.client.groups.set_level(chat.partner, notify=level, muted_until=None),
            f"What counts here: {LEVELS[level]}",
        )

    async def _carefully(self, work: Awaitable[object], done: str = "") -> None:
        try:
            await work
        except ChatError as error:
            self._say(error.detail)
        else:
            self._say(done)


def _members(group: Group | Preview) -> str:
    return f"{group.member_count} {'member' if group.member_count == 1 else 'members'}"

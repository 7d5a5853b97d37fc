"""Whatever users do in whatever order, and whatever befalls their devices: all see what is, and nothing twice.

Longer than 300 lines: a state machine is one class.
"""

import asyncio
import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.engines import Stores
from tests.faults.world import Device, Frame, Message, User, View, World, message_of

T = TypeVar("T")

USERS = 3

EMOJIS = {"a": "👍", "b": "👎", "c": "👩‍👩‍👧‍👦"}

#: More than anybody in a test has.
MANY = 500

numbers = st.integers(0, 7)
limits = st.sampled_from([1, 2, 3, MANY])
doings = st.lists(
    st.tuples(
        st.sampled_from(["send", "send_again", "edit", "delete", "react", "read"]),
        numbers,
        numbers,
        st.sampled_from(["a", "b", "c"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


class Chatting(RuleBasedStateMachine):
    """Three users and their devices; ``truth`` is what must be."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.users = [self.world.newcomer() for _ in range(USERS)]
        self.devices = [Device(user) for user in self.users]
        self.truth = View()
        #: What was first sent under each ``client_id``: by whom, to whom, what it said, and the message's id.
        self.sent: dict[str, tuple[int, int, str, int]] = {}
        self.numbers = itertools.count()
        for device in self.devices:
            self.world.run(self._come_back(device, MANY))

    # Picking.

    @property
    def connected(self) -> list[Device]:
        """The devices that are connected."""
        return [device for device in self.devices if device.is_connected]

    @property
    def away(self) -> list[Device]:
        """The devices that are not."""
        return [device for device in self.devices if not device.is_connected]

    def other_than(self, user_id: int, number: int) -> int:
        """Return the id of another user."""
        return [user.id for user in self.users if user.id != user_id][number % (USERS - 1)]

    def message(self, user_id: int, number: int) -> tuple[int, Message]:
        """Return one of the messages a user may see, with its id; the newest is 0."""
        return pick(list(self.truth.of(user_id).messages.items())[::-1], number)

    # What users do.

    @initialize()
    def begin_to_talk(self) -> None:
        """Let everybody send something to everybody else."""
        for device in self.devices:
            for other in range(USERS - 1):
                self.send(device, other, "a", by_rest=False)

    @precondition(lambda self: self.connected)
    @rule(doings=doings)
    def do(self, doings: list[tuple[str, int, int, str, bool]]) -> None:
        """Do this and that."""
        for name, device, which, what, by_rest in doings:
            getattr(self, name)(pick(self.connected, device), which, what, by_rest=by_rest)

    def send(self, actor: Device, to: int, content: str, *, by_rest: bool) -> None:
        """Send a message."""
        receiver_id = self.other_than(actor.user.id, to)
        if by_rest:
            client_id = self._client_id()
            self._stored(client_id, self._post(actor.user, receiver_id, content, client_id), receiver_id, content)
        else:
            self.world.run(self._send(actor, receiver_id, content))

    def send_again(self, actor: Device, which: int, content: str, *, by_rest: bool) -> None:
        """Send with a ``client_id`` that was used before, the same or something else."""
        used = [key for key, (sender_id, *_) in self.sent.items() if sender_id == actor.user.id]
        client_id = pick(used[::-1], which)
        _, to, first, message_id = self.sent[client_id]
        body = {"content": content, "client_id": client_id}
        if by_rest:
            status, answer = self.world.run(self.world.ask(actor.user, "POST", f"/messages/send/{to}", body))
            assert (status, answer.get("id")) == ((200, message_id) if content == first else (409, None))
        else:
            code = None if content == first else "client_id_reused"
            frame = self._expect(actor, "send", {"user": to, **body}, code, changes=False)
            assert code or frame["data"]["message"]["id"] == message_id
            assert code or frame["data"]["duplicate"]

    def edit(self, actor: Device, which: int, content: str, *, by_rest: bool) -> None:
        """Change a message."""
        message_id, message = self.message(actor.user.id, which)
        changes = message.content != content
        code = self._refusal(actor, message) or ("message_deleted" if message.is_deleted else None)
        if by_rest:
            asking = self.world.ask(actor.user, "PATCH", f"/messages/{message_id}", {"content": content})
            assert (self.world.run(asking)[0] == 200) == (code is None)
        else:
            self._expect(actor, "edit", {"message_id": message_id, "content": content}, code, changes)
        if code is None and changes:
            message.content, message.is_edited = content, True

    def delete(self, actor: Device, which: int, _: str, *, by_rest: bool) -> None:
        """Delete a message."""
        message_id, message = self.message(actor.user.id, which)
        code = self._refusal(actor, message)
        if by_rest:
            asking = self.world.ask(actor.user, "DELETE", f"/messages/{message_id}")
            assert (self.world.run(asking)[0] < 300) == (code is None)
        else:
            self._expect(actor, "delete", {"message_id": message_id}, code, not message.is_deleted)
        if code is None:
            message.content, message.is_deleted, message.reactions = "", True, set()

    def react(self, actor: Device, which: int, what: str, *, by_rest: bool) -> None:
        """Put an emoji below a message; where it is already, take it away, or put it there again (``by_rest``)."""
        message_id, message = self.message(actor.user.id, which)
        emoji = EMOJIS[what]
        reaction = emoji, actor.user.id
        on = by_rest or reaction not in message.reactions
        code = "message_deleted" if message.is_deleted else None
        changes = (reaction in message.reactions) != on
        self._expect(actor, "react" if on else "unreact", {"message_id": message_id, "emoji": emoji}, code, changes)
        if code is None:
            message.reactions.add(reaction) if on else message.reactions.discard(reaction)

    def read(self, actor: Device, which: int, _: str, *, by_rest: bool) -> None:
        """Move a read marker to some message, of this conversation or not; or to the end (``by_rest``)."""
        other_id = self.other_than(actor.user.id, which)
        up_to = max(self.truth.messages) if by_rest else pick(list(self.truth.messages)[::-1], which)
        pair = actor.user.id, other_id
        between = self.truth.of(actor.user.id).of(other_id).messages
        before = self.truth.markers.get(pair, 0)
        after = max([before, *(message_id for message_id in between if message_id <= up_to)])
        if by_rest:
            assert self.world.run(self.world.ask(actor.user, "POST", f"/messages/read/{other_id}"))[0] == 200
        else:
            frame = self._expect(actor, "read", {"user": other_id, "up_to": up_to}, None, after > before)
            assert frame["data"]["up_to"] == after
        if after:
            self.truth.markers[pair] = after

    # What befalls devices and the server.

    @precondition(lambda self: len(self.devices) < USERS * 2)
    @rule(user=numbers, limit=limits)
    def come_with_another_device(self, user: int, limit: int) -> None:
        """Sign in with a device that knows nothing."""
        self.devices.append(Device(pick(self.users, user)))
        self.world.run(self._come_back(self.devices[-1], limit))

    @precondition(lambda self: self.connected)
    @rule(device=numbers)
    def lose_the_line(self, device: int) -> None:
        """Cut a device off."""
        self.world.run(pick(self.connected, device).cut())

    @precondition(lambda self: self.away)
    @rule(device=numbers, limit=limits, to=numbers)
    def come_back_and_speak_first(self, device: int, limit: int, to: int) -> None:
        """Connect again, and send before catching up."""
        actor = pick(self.away, device)

        async def speak_and_catch_up() -> None:
            await actor.connect(self.world)
            answer = await self._send(actor, self.other_than(actor.user.id, to), "early")
            assert "seq" not in answer
            await actor.catch_up(limit)

        self.world.run(speak_and_catch_up())

    @precondition(lambda self: self.connected)
    @rule(device=numbers, to=numbers, turns=st.integers(0, 8))
    def send_and_lose_the_line(self, device: int, to: int, turns: int) -> None:
        """Send, lose the line before the answer, and send again over REST."""
        actor = pick(self.connected, device)
        receiver_id, client_id = self.other_than(actor.user.id, to), self._client_id()

        async def send_and_lose() -> None:
            await actor.ask("send", {"user": receiver_id, "content": "lost", "client_id": client_id})
            for _ in range(turns):
                await asyncio.sleep(0)
            await actor.cut()

        self.world.run(send_and_lose())
        self._stored(client_id, self._post(actor.user, receiver_id, "lost", client_id), receiver_id, "lost")

    @precondition(lambda self: self.away)
    @rule(device=numbers, limit=limits, count=st.integers(1, 10), is_new=st.booleans())
    def come_and_go_while_others_talk(self, device: int, limit: int, count: int, is_new: bool) -> None:
        """Connect again and again, perhaps as a device that knows nothing, while others send to it."""
        actor = pick(self.away, device)
        senders = [each for each in self.connected if each.user != actor.user]
        if is_new:
            actor.view, actor.cursor = View(), 0

        async def talk(sender: Device) -> None:
            for number in range(count):
                await self._send(sender, actor.user.id, f"talk {number}")

        async def together() -> None:
            talking = asyncio.gather(*map(talk, senders))
            await self._come_back(actor, limit)
            while not talking.done():
                await actor.cut()
                await self._come_back(actor, limit)
            await talking

        self.world.run(together())

    @rule()
    def restart(self) -> None:
        """Restart the server."""
        self.world.run(self.world.restart(self.connected))

    # What must be.

    @invariant()
    def every_device_sees_what_is(self) -> None:
        """Each device that is connected knows the truth, as far as it concerns its user."""
        for device in self.connected:
            self.world.run(device.settle())
            assert device.view == self.truth.of(device.user.id)

    @invariant()
    def the_server_says_what_is(self) -> None:
        """Conversations, messages and unread counts are the truth as well."""
        self.world.run(self._check_the_server())

    def teardown(self) -> None:
        """Bring every device back, see that it catches up, and let go."""
        for device in self.away:
            self.world.run(self._come_back(device, 2))
        self.every_device_sees_what_is()
        for device in self.connected:
            self.world.run(device.cut())

    async def _check_the_server(self) -> None:
        for user in self.users:
            seen = self.truth.of(user.id)
            others = [other.id for other in self.users if seen.of(other.id).messages and other != user]
            unread = {other: seen.unread(user.id, other) for other in others}
            _, answer = await self.world.ask(user, "GET", "/messages/unread_count")
            assert answer == {"unread_count": sum(unread.values())}
            _, answer = await self.world.ask(user, "GET", "/messages/conversations")
            previews = {each["user"]["id"]: each["last_message"]["id"] for each in answer["conversations"]}
            kept = {
                other: max((key for key, each in seen.of(other).messages.items() if not each.is_deleted), default=None)
                for other in others
            }
            assert previews == {other: newest for other, newest in kept.items() if newest is not None}
            _, answer = await self.world.ask(user, "GET", "/conversations")
            found = {each["user"]["id"]: each for each in answer["conversations"]}
            assert found.keys() == set(others)
            for other, state in found.items():
                messages = seen.of(other).messages
                assert message_of(state["last_message"]) == messages[max(messages)]
                assert state["unread_count"] == unread[other]
                assert state["read_up_to"] == seen.markers.get((user.id, other), 0)
                assert state["others_read_up_to"] == seen.markers.get((other, user.id), 0)
                _, page = await self.world.ask(user, "GET", f"/messages?user={other}&limit=100")
                assert {each["id"]: message_of(each) for each in page["items"]} == messages
                for each in page["items"]:
                    is_read = seen.markers.get((each["receiver_id"], each["sender_id"]), 0) >= each["id"]
                    assert each["is_read"] == is_read

    # How it is done.

    def _client_id(self) -> str:
        return f"{self.users[0].id}-{next(self.numbers)}"

    async def _send(self, actor: Device, to: int, content: str) -> Frame:
        client_id = self._client_id()
        answer = await actor.command("send", {"user": to, "content": content, "client_id": client_id})
        assert not answer["data"]["duplicate"]
        self._stored(client_id, answer["data"]["message"], to, content)
        return answer

    def _post(self, sender: User, to: int, content: str, client_id: str) -> Frame:
        body = {"content": content, "client_id": client_id}
        status, message = self.world.run(self.world.ask(sender, "POST", f"/messages/send/{to}", body))
        assert status == 200
        return dict(message)

    def _stored(self, client_id: str, message: Frame, to: int, content: str) -> None:
        assert (message["receiver_id"], message["content"]) == (to, content)
        assert message["id"] not in self.truth.messages
        self.truth.messages[message["id"]] = Message(message["sender_id"], to, content)
        self.sent[client_id] = message["sender_id"], to, content, message["id"]

    def _expect(self, actor: Device, kind: str, data: Frame, code: str | None, changes: bool) -> Frame:
        """Send a command and expect its answer: ``code``, or a ``seq`` where it changes something."""
        frame = self.world.run(actor.command(kind, data))
        if code is not None:
            assert (frame["type"], frame["error"]["code"]) == ("error", code)
        else:
            assert (frame["type"], "seq" in frame) == ("ack", changes)
        return frame

    @staticmethod
    def _refusal(actor: Device, message: Message) -> str | None:
        return None if message.sender_id == actor.user.id else "forbidden"

    async def _come_back(self, device: Device, limit: int) -> None:
        await device.connect(self.world)
        await device.catch_up(limit)


def pick(items: list[T], number: int) -> T:
    """Return one of some items."""
    return items[number % len(items)]


@pytest.fixture
def world(tmp_path: Path, stores: Stores) -> Iterator[World]:
    """A server that nobody has used."""
    with World(tmp_path / "data", random.Random(0), database=stores.settings(tmp_path / "data")) as world:
        yield world


@pytest.mark.timeout(300)
def test_every_device_sees_what_is_and_nothing_twice(world: World, stores: Stores) -> None:
    Chatting.world = world
    bounds = settings(
        max_examples=5 if stores.on_postgresql else 10,  # each takes four times as long there
        stateful_step_count=20,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # a failure is told as it was: to make it smaller would take minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Chatting, settings=bounds)

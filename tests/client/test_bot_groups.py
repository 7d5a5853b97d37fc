"""Bots in groups: what they hear, how they are named, and how they come in."""

from pathlib import Path

import pytest

from chatd.client import Bot, Brief, Client, Cursor, Group, Membership, Message, NewMessage, Refused
from chatd.client.hearing import said_to
from examples.guard_bot import MESSAGES
from tests.client.bots import bot_of, running
from tests.client.support import client_of, take
from tests.client.test_examples import program
from tests.support import Chat, Person, until


async def group_with(client: Client, *people: Person, **said: object) -> Group:
    """Make a group that some people are in."""
    group = await client.groups.create("Chess", **said)
    code = (await client.groups.make_code(group)).code
    for person in people:
        await person.post(f"/join/{code}")
    return group


async def test_a_bot_is_named_in_a_group_and_answers_there(chat: Chat) -> None:
    alice, robot = await chat.people("alice", "robot")
    bot = bot_of(robot)
    named: list[str] = []

    @bot.command("echo")
    def echo(message: Message, text: str) -> str:
        return f"[{text}]"

    @bot.named
    async def note(message: Message, text: str) -> str | None:
        named.append(text)
        return "yes?" if text == "hello" else None

    async with client_of(alice) as client:
        group = await group_with(client, robot)
        async with running(bot):
            events = client.events()
            texts = ["hello", "@robot hello", "@Robot: echo a", "!echo b", "@robot !echo c", "but @robot", "@all !echo"]
            for text in texts:
                await client.send(group, text)
            await client.send(robot.id, "@robot hello")
            told = [event.message for event in await take(events, len(texts) + 5) if isinstance(event, NewMessage)]
    asked = {message.content: message.id for message in told if message.sender_id == alice.id and message.group_id}
    answers = [message for message in told if message.sender_id == robot.id]
    assert named == ["hello", "but @robot"]
    assert [(each.content, each.reply_to) for each in answers] == [
        ("yes?", asked["@robot hello"]), ("[a]", asked["@Robot: echo a"]), ("[b]", asked["!echo b"]),
        ("[c]", asked["@robot !echo c"]),
    ]  # fmt: skip
    assert {each.group_id for each in answers} == {group.id}


async def test_who_answers_a_bot_names_it(chat: Chat) -> None:
    alice, robot = await chat.people("alice", "robot")
    bot = bot_of(robot)
    bot.named(lambda message, text: f"heard {text}")
    async with client_of(alice) as client:
        group = await group_with(client, robot)
        async with running(bot):
            events = client.events()
            said = await bot.client.send(group, "I am here")
            await client.send(group, "good", reply_to=said)
            *_, last = await take(events, 3)
            assert isinstance(last, NewMessage)
            assert last.message.content == "heard good"


@pytest.mark.parametrize(
    ("content", "expected"),
    [("@bob hi", "hi"), ("@BOB, hi  there ", "hi  there "), ("@ｂｏｂ\nhi", "hi"), ("@bob", ""), ("  @bob. ", "")]
    + [(text, None) for text in ("@bobby hi", "hi @bob", "@bob-x hi", "bob hi", "", "@", "@ bob")],
)
async def test_what_follows_a_name_is_said_to_it(content: str, expected: str | None) -> None:
    me = Brief(2, "Bob", "Bob", None, True)
    sender = {"id": 1, "username": "a", "nickname": "A", "avatar_path": None, "is_ai": False}
    data = {"id": 5, "sender_id": 1, "receiver_id": None, "group_id": 3, "content": content, "is_read": False}
    message = Message.of({**data, "created_at": "2026-01-31T08:15:00.000Z", "sender": sender, "mentions": [2]})
    assert said_to(message, me) == expected
    assert said_to(Message.of({**data, "created_at": "2026-01-31T08:15:00.000Z", "sender": sender}), me) is None


async def test_a_bot_comes_into_a_group_when_it_is_told_to_accept_invitations(chat: Chat, tmp_path: Path) -> None:
    alice, robot = await chat.people("alice", "robot")
    heard: list[str | None] = []

    def new_bot(accepts: bool) -> Bot:
        bot = bot_of(robot, accept_invitations=accepts, cursor_file=tmp_path / "cursor")

        @bot.on("membership")
        def note(event: Membership) -> None:
            heard.append(event.role if event.user_id == robot.id else "somebody else")

        return bot

    async with client_of(alice) as client:
        groups = [await client.groups.create(f"Group {number}", public=True) for number in range(3)]
        await client.groups.invite(groups[0], robot.id)
        async with running(new_bot(False)):
            await client.groups.invite(groups[1], robot.id)
        assert len((await robot.get("/invitations"))["invitations"]) == 2
        async with running(new_bot(True)):
            await until(lambda: heard == ["member", "member"])
            await client.groups.invite(groups[2], robot.id)
            await until(lambda: heard == ["member"] * 3)
        for group in groups:
            await robot.post(f"/groups/{group.id}/leave", status=204)
        (tmp_path / "cursor").write_text(str(Cursor(client.cursor.epoch, 0) if client.cursor else ""))
        async with running(new_bot(True)):  # it is told of all invitations again, and none stands any more
            await until(lambda: heard.count(None) == 3)
            await client.send(robot.id, "so that it has come to the end")
        assert (await robot.get("/conversations"))["conversations"][0]["user"]["id"] == alice.id
        assert len((await robot.get("/conversations"))["conversations"]) == 1


async def test_an_invitation_that_cannot_be_accepted_ends_nothing(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    alice, robot = await chat.people("alice", "robot")
    bot = bot_of(robot, accept_invitations=True)
    bot.command("echo")(lambda message, text: text)
    async with client_of(alice) as client, running(bot):
        events = client.events()
        group = await client.groups.create("Chess")
        await client.groups.invite(group, robot.id)
        await client.groups.delete(group, "Chess")
        await client.send(robot.id, "!echo here")
        while not isinstance(event := (await take(events, 1))[0], NewMessage) or event.actor_id != robot.id:
            pass
        assert event.message.content == "here"


async def test_the_welcome_bot_greets_and_explains(chat: Chat, tmp_path: Path) -> None:
    alice, bob, welcome = await chat.people("alice", "bobby", "welcome")
    async with client_of(alice) as client:
        group = await client.groups.create("Chess", description="Openings and endings")
        await client.groups.invite(group, welcome.id)
        events = client.events()

        async def said() -> str:
            while True:
                [event] = await take(events, 1)
                if isinstance(event, NewMessage) and event.actor_id == welcome.id:
                    return event.message.content

        async with program(chat, "welcome", "examples/welcome_bot.py", CHAT_CURSOR_FILE=str(tmp_path / "cursor")):
            assert await said() == "Hello! I greet whoever comes in."
            await bob.post(f"/join/{(await client.groups.make_code(group)).code}")
            assert await said() == "Welcome, @bobby!"
            await client.send(group, "@welcome about")
            assert await said() == "Openings and endings"
            await client.send(group, "@welcome admins, please")
            assert await said() == "Ask me: @welcome about, @welcome admins"
            await client.send(group, "@welcome admins")
            assert await said() == "Ask Alice."


async def test_the_guard_bot_silences_who_floods_and_takes_it_back_when_an_admin_says_so(
    chat: Chat, tmp_path: Path
) -> None:
    alice, bob, guard = await chat.people("alice", "bobby", "guard")
    async with client_of(alice) as hers, client_of(bob) as his:
        group = await group_with(hers, bob, guard)
        events = hers.events()

        async def said() -> str:
            while True:
                [event] = await take(events, 1)
                if isinstance(event, NewMessage) and event.actor_id == guard.id:
                    return event.message.content

        cursor_file = tmp_path / "cursor"
        async with program(chat, "guard", "examples/guard_bot.py", CHAT_CURSOR_FILE=str(cursor_file)):
            await until(cursor_file.exists)
            for number in range(MESSAGES + 1):
                await his.send(group, f"it is no admin yet: {number}")
            await hers.groups.set_role(group, guard.id, "admin")
            for number in range(2 * MESSAGES + 2):
                await hers.send(group, f"who is above it may: {number}")
            with pytest.raises(Refused) as refused:
                await flood(his, group)
            assert refused.value.code == "silenced"
            assert (await said()).startswith("@bobby is silent for 5 minutes: more than 8 messages in 10 seconds.")
            [silence] = (await hers.groups.actions(group, kind="silence")).actions
            assert silence.reason == "more than 8 messages in 10 seconds"
            await hers.send(group, "@guard undo")
            assert await said() == "@bobby may write again."
            await his.send(group, "@guard undo")
            assert await said() == "Only admins may ask for that."
            await hers.send(group, "@guard undo")
            assert await said() == "Nobody is silent because of me."


async def flood(client: Client, group: Group) -> None:
    """Write until that is refused."""
    while True:
        await client.send(group, "buy!")

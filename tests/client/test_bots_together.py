"""Bots that meet: they do not talk for ever."""

from typing import Any

import pytest

from chatd import clock
from chatd.client import Bot, Client, MessageEdited, NewMessage
from chatd.http.context import CONFIG
from chatd.services import accounts, keys
from chatd.services.tokens import Tokens
from tests.api.support import write
from tests.client.bots import running
from tests.client.support import client_of, fast
from tests.support import Chat, Person, until


def robots(chat: Chat, *names: str) -> list[Person]:
    """Make bots as ``chatd user add --bot`` does."""
    now = clock.now()
    tokens = Tokens(keys.signing_key(chat.server.app[CONFIG]))

    def made(name: str) -> Person:
        session = write(chat, lambda tx: accounts.create_bot(tx, name, name, now=now, lifetime_ms=clock.DAY_MS))
        return Person(chat.client, session.user_id, name, name, tokens.issue(session))

    return [made(name) for name in names]


def echo(person: Person, **options: Any) -> Bot:
    """Return the bot of the documentation."""
    bot = Bot(str(person.client.make_url("/")), token=person.token, **{"backoff": fast(), **options})

    @bot.on("new_message")
    async def repeat(event: NewMessage) -> None:
        await bot.reply(event.message, event.message.content)

    return bot


async def said(client: Client, person: Person) -> list[str]:
    """Return what two have said to each other."""
    return [message.content for message in (await client.messages(person.id)).items]


async def answered(client: Client, *bots: Person) -> None:
    """Say something to bots, and wait for their answers: they have handled all that came before."""
    for bot in bots:
        await client.send(bot.id, "over?")
        while (await said(client, bot))[-2:] != ["over?", "over?"]:
            pass


async def test_two_echo_bots_do_not_answer_each_other(chat: Chat) -> None:
    alice = await chat.person("alice")
    one, two = robots(chat, "one", "two")
    first, second = echo(one), echo(two)
    async with running(first), running(second), client_of(alice) as client:
        await first.client.send(two.id, "hello")
        await answered(client, two, one)
        assert await said(first.client, two) == ["hello"]


@pytest.mark.parametrize("kinds", ["people", "mixed"])
async def test_nor_do_those_that_signed_in_as_people(chat: Chat, kinds: str) -> None:
    alice, one = await chat.people("alice", "one")
    two = await chat.person("two") if kinds == "people" else robots(chat, "two")[0]
    first, second = echo(one), echo(two)
    async with running(first), running(second), client_of(alice) as client:
        await first.client.send(two.id, "hello")
        await answered(client, two, one, two)
        assert await said(first.client, two) == ["hello", "hello"]


async def test_bots_do_not_obey_each_other_nor_hear_what_others_change(chat: Chat) -> None:
    alice = await chat.person("alice")
    one, two = robots(chat, "one", "two")
    heard: list[NewMessage | MessageEdited] = []
    bot = echo(two)
    bot.on("message_edited")(heard.append)
    bot.on("*")(lambda event: heard.append(event) if isinstance(event, NewMessage) else None)
    bot.command("roll")(lambda message, text: "6")
    async with running(bot), client_of(one) as other, client_of(alice) as client:
        message = await other.send(two.id, "!roll")
        await other.edit(message, "!roll again")
        await answered(client, two)
        assert await said(other, two) == ["!roll again"]
    assert [event.message.sender_id for event in heard] == [alice.id]


async def test_a_bot_hears_others_where_its_author_wants_that(chat: Chat) -> None:
    one, two = robots(chat, "one", "two")
    first = Bot(chat.server.url, token=one.token, backoff=fast(), hear_bots=True)
    second = echo(two, hear_bots=True)

    @first.on("new_message")
    async def count_to_three(event: NewMessage) -> None:
        if event.message.content != "3":
            await first.reply(event.message, str(int(event.message.content) + 1))

    async with running(first), running(second):
        await first.client.send(two.id, "0")
        expected = [number for number in "0123" for _ in range(2)]
        await until(lambda: first.client.is_connected)
        while await said(first.client, two) != expected:
            pass

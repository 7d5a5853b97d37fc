"""Two people who talk."""

from tests.chat.support import client_of, terminal
from tests.support import Chat, until


async def test_the_list_has_the_newest_chat_first_with_what_is_unread(chat: Chat) -> None:
    ada, grace, linus = await chat.people("ada", "grace", "linus")
    await linus.send(ada, "one")
    await linus.send(ada, "two")
    await grace.send(ada, "three")
    async with terminal(ada) as screen:
        await until(
            lambda: [line.split()[1:] for line in screen.chats.splitlines()] == [["Grace", "1"], ["Linus", "2"]]
        )
        await linus.send(ada, "four")
        await until(
            lambda: [line.split()[1:] for line in screen.chats.splitlines()] == [["Linus", "3"], ["Grace", "1"]]
        )


async def test_somebody_who_never_wrote_before_appears_in_the_list(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    async with terminal(ada) as screen:
        await screen.sees("Nobody yet", lambda: screen.chats)
        await grace.send(ada, "hello")
        await until(lambda: screen.chats.split()[1:] == ["Grace", "1"])


async def test_two_people_talk_both_ways_at_once(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    async with terminal(ada) as screen, client_of(grace) as other:
        stream = other.events()
        await screen.open("Grace")
        await screen.press(*"hi", "ctrl+j", *"there", "enter")
        await screen.sees("there ✓")
        async for event in stream:
            if event.type == "new_message":
                assert event.data["content"] == "hi\nthere"
                break
        await other.send(ada.id, "well met")
        await screen.sees("well met")
        lines = screen.history.splitlines()
        assert [line[6:] if ":" in line[:3] else line for line in lines if line][1:] == [
            "You", "hi", "      there ✓", "Grace", "well met",
        ]  # fmt: skip


async def test_a_chat_is_read_when_it_is_opened_and_while_it_is_open(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "one")
    async with terminal(ada) as screen:
        await until(lambda: screen.chats.endswith(" 1"))
        await screen.press("enter")
        await until(lambda: not screen.chats.endswith(" 1"))
        assert (await ada.get("/messages/unread_count"))["unread_count"] == 0
        await grace.send(ada, "two")
        await screen.sees("two")
        await until(lambda: screen.app.controller.state is not None and screen.app.controller.state.unread == 0)
        async with client_of(ada) as again:
            [conversation] = (await again.conversations()).items
            assert conversation.unread_count == 0


async def test_ones_messages_are_marked_as_stored_and_as_read(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    async with terminal(ada) as screen, client_of(grace) as other:
        await screen.open("Grace")
        await screen.write("hello")
        await screen.sees("hello ✓")
        assert "✓✓" not in screen.history
        page = await other.messages(ada.id)
        await other.read(ada.id, page.items[-1])
        await screen.sees("hello ✓✓")


async def test_that_somebody_writes_is_shown_until_they_have_written(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "one")
    async with terminal(ada) as screen, client_of(grace) as other:
        await screen.press("enter")
        await screen.sees("one")
        await other.typing(ada.id)
        await screen.sees("Grace is typing…", lambda: screen.line("notice"))
        await other.send(ada.id, "two")
        await screen.sees("two")
        assert "typing" not in screen.line("notice")


async def test_the_other_sees_that_one_writes(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "one")
    async with terminal(ada) as screen, terminal(grace) as other:
        await screen.press("enter")
        await other.press("enter")
        await screen.press("x")
        await other.sees("Ada is typing…", lambda: other.line("notice"))


async def test_who_is_there_has_a_dot(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "one")
    async with terminal(ada) as screen:
        await screen.sees("○ Grace", lambda: screen.chats)
        async with client_of(grace):
            await screen.sees("● Grace", lambda: screen.chats)
            await screen.press("enter")
            await screen.sees("● Grace", lambda: screen.line("title"))
        await screen.sees("○ Grace", lambda: screen.chats)


async def test_who_is_there_already_has_a_dot_at_once(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "one")
    async with client_of(grace), terminal(ada) as screen:
        await screen.sees("● Grace", lambda: screen.chats)


async def test_edits_deletions_replies_and_reactions_are_shown(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    async with client_of(grace) as other:
        first = await other.send(ada.id, "one")
        second = await other.send(ada.id, "two", reply_to=first)
        async with terminal(ada) as screen:
            await screen.press("enter")
            await screen.sees("↪ Grace: one")
            await other.react(first, "👍")
            await screen.sees("👍")
            await other.unreact(first, "👍")
            await until(lambda: "👍" not in screen.history)
            await other.edit(first, "uno")
            await screen.sees("uno (edited)")
            await screen.sees("↪ Grace: uno")
            await other.delete(second)
            await screen.sees("message deleted")
            assert "two" not in screen.history


async def test_ones_last_message_can_be_changed_and_deleted(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    async with terminal(ada) as screen, client_of(grace) as other:
        await screen.open("Grace")
        await screen.write("helo")
        await screen.sees("helo ✓")
        await screen.press("up", "backspace", *"lo", "enter")
        await screen.sees("hello (edited)")
        await screen.press("f8")
        await screen.sees("F8 again deletes “hello”", lambda: screen.line("notice"))
        assert (await other.messages(ada.id)).items[0].content == "hello"
        await screen.press("f8")
        await screen.sees("message deleted")
        assert (await other.messages(ada.id)).items[0].deleted_at is not None


async def test_a_reply_says_what_it_answers(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    one = await grace.send(ada, "one")
    await grace.send(ada, "two")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("two")
        await screen.press("ctrl+r", "ctrl+r")
        await screen.sees("Answering Grace: one", lambda: screen.line("notice"))
        await screen.write("yes")
        await screen.sees("yes ✓")
        async with client_of(ada) as again:
            assert (await again.messages(grace.id)).items[-1].reply_to == one["id"]

"""Messages of groups on the screen: pinned, in threads; and those who ask to join."""

from tests.chat.support import ask, client_of, found, terminal
from tests.groups import made_with, make, roles, say
from tests.support import Chat, until


async def test_a_message_is_pinned_found_among_the_pinned_answered_and_pinned_no_longer(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    group = await made_with(grace, ada)
    await say(grace, group, "the rules")
    await say(grace, group, "good morning")
    async with terminal(ada) as screen, client_of(ada) as device:
        await screen.press("enter")
        await screen.sees("good morning")
        await screen.press("ctrl+r", "ctrl+r")
        await screen.sees("Answering Grace: the rules", lambda: screen.line("notice"))
        await screen.press("ctrl+p")
        await screen.sees("Pinned: “the rules”", lambda: screen.line("notice"))
        await screen.press("escape")
        await ask(screen, "f5", "rules", "Grace: the rules")
        await screen.sees("Answering Grace: the rules", lambda: screen.line("notice"))
        await screen.press("ctrl+p")
        await screen.sees("No longer pinned: “the rules”", lambda: screen.line("notice"))
        assert (await device.groups.pinned(group)).items == ()
        await screen.press("f5")
        await until(lambda: found(screen) == ["nothing is pinned"])


async def test_a_thread_is_shown_and_answered_in(chat: Chat) -> None:
    ada, grace, linus = await chat.people("ada", "grace", "linus")
    group = await made_with(grace, ada, linus)
    asked = await say(grace, group, "who has white?")
    async with terminal(ada) as screen, client_of(linus) as other:
        await screen.press("enter")
        await screen.sees("who has white?")
        place = (await other.conversations()).items[0].place
        await other.send(place, "I have", reply_to=asked)
        await screen.sees("↳ 1 answer")
        await other.send(place, "something else")
        await screen.sees("something else")
        await screen.press("ctrl+r", "ctrl+r", "ctrl+t")
        await until(lambda: found(screen) == ["Grace: who has white?", "Linus: I have"])
        await screen.press("down", "enter")
        await screen.sees("Answering Linus: I have", lambda: screen.line("notice"))
        await screen.write("then I have black")
        await screen.sees("↳ 2 answers")
        assert [each.content for each in (await other.groups.thread(asked)).items] == [
            "who has white?",
            "I have",
            "then I have black",
        ]


async def test_admins_are_told_who_asks_to_join_and_let_them_in_or_not(chat: Chat) -> None:
    ada, grace, linus = await chat.people("ada", "grace", "linus")
    group = await make(ada, "Chess", public=True, approval=True)
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("# Chess", lambda: screen.line("title"))
        for person, note in ((grace, "It is me"), (linus, None)):
            await person.post(f"/groups/{group}/join", {"note": note} if note else None, 202)
        await screen.sees("Linus asks to join Chess: F7", lambda: screen.line("notice"))
        await screen.press("f7")
        await until(lambda: len(found(screen)) == 4)
        await screen.press(*"gra")
        await until(lambda: found(screen) == ["let in Grace (@grace): It is me", "refuse Grace (@grace)"])
        await screen.press("enter")
        await screen.sees("Grace is in", lambda: screen.line("notice"))
        await screen.press("f7")
        await until(lambda: found(screen) == ["let in Linus (@linus)", "refuse Linus (@linus)"])
        await screen.press("down", "enter")
        await screen.sees("Linus is not let in", lambda: screen.line("notice"))
        assert set(await roles(ada, group)) == {ada.id, grace.id}
        assert await ada.get(f"/groups/{group}/requests") == []


async def test_keys_that_rights_forbid_say_so(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    group = await made_with(grace, ada, rules={"pin": "admin"})
    await say(grace, group, "hello")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("hello")
        await screen.press("ctrl+p")
        await until(lambda: screen.line("notice") != "")
        assert "Pinned" not in screen.line("notice")

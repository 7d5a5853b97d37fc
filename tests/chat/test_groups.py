"""Groups on the screen: in the list, joined, read, made quieter and left."""

from datetime import UTC, datetime, timedelta

from rich.text import Text

from chatd.chat.names import mark_names
from chatd.chat.news import news_of
from chatd.client import Brief, Message, Moderated
from tests.chat.support import ask, client_of, found, terminal
from tests.groups import code_of, made_with, make, say
from tests.support import Chat, Person, until


async def test_a_group_is_joined_by_its_code_and_talked_in(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    group = await make(grace, "Chess")
    code = await code_of(grace, group)
    await say(grace, group, "welcome")
    async with terminal(ada) as screen, client_of(grace) as other:
        await ask(screen, "f4", code, "# Chess (a code from Grace)")
        await screen.sees("# Chess  2 members", lambda: screen.line("title"))
        await screen.sees("welcome")
        await screen.write("thank you")
        await screen.sees("thank you ✓")
        await other.send((await other.conversations()).items[0].place, "your move, @ada")
        await screen.sees("your move")
        await until(lambda: "Chess" in screen.chats and "@1" not in screen.chats)


async def test_who_is_invited_is_told_and_comes_in(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    group = await make(grace, "Chess")
    async with terminal(ada) as screen:
        await grace.post(f"/groups/{group}/invitations", {"user": ada.id}, 202)
        await screen.sees("F4: 1 invited", lambda: screen.line("status"))
        await ask(screen, "f4", "che", "# Chess (Grace invites you)")
        await screen.sees("# Chess", lambda: screen.line("title"))
        await until(lambda: "invited" not in screen.line("status"))


async def test_public_groups_are_found_by_name_and_bad_codes_find_nothing(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await make(grace, "Chess", public=True)
    await make(grace, "Secret")
    async with terminal(ada) as screen:
        await screen.press("f4")
        await until(lambda: found(screen) == ["# Chess (1 member)"])
        await screen.press(*"/join/nothing")
        await until(lambda: found(screen) == ["no such group, or the code is no good"])
        await screen.press("escape")


async def test_the_list_says_what_is_unread_and_what_names_one_as_the_level_has_it(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    group = await made_with(grace, ada)
    await say(grace, group, "one")
    await say(grace, group, "two, @ada")
    async with terminal(ada) as screen:
        await until(lambda: screen.chats.split()[-4:] == ["#", "Chess", "@1", "2"])
        named = await say(grace, group, "@all three")
        await until(lambda: screen.chats.split()[-2:] == ["@2", "3"])
        async with client_of(grace) as other:
            await other.edit(named, "three")
            await until(lambda: screen.chats.split()[-2:] == ["@1", "3"])
        for level, count in [("mentions", "•"), ("none", "•"), ("all", "3")]:
            async with client_of(ada) as device:
                await device.groups.set_level(group, notify=level)
            await until(lambda count=count: screen.chats.split()[-2:] == ["@1", count])  # type: ignore[misc]
        await screen.press("enter")
        await screen.sees("two, @ada")
        await until(lambda: screen.chats.split()[-1] == "Chess")


async def test_a_key_goes_through_the_levels(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await made_with(grace, ada)
    async with terminal(ada) as screen, client_of(ada) as device:
        await screen.press("enter")
        for level, title in [("mentions", "only @"), ("named", "only @you"), ("none", "muted"), ("all", "2 members")]:
            await screen.press("f6")
            await until(lambda title=title: screen.line("title").endswith(title))  # type: ignore[misc]
            [conversation] = (await device.conversations()).items
            assert conversation.me is not None
            assert conversation.me.notify == level


async def test_members_are_seen_with_what_they_are_and_can_be_written_to(chat: Chat) -> None:
    ada, grace, linus = await chat.people("ada", "grace", "linus")
    await made_with(grace, ada, linus)
    async with terminal(ada) as screen:
        await screen.press("enter", "f3")
        await until(lambda: len(found(screen)) == 3)
        assert found(screen) == ["Ada (@ada)", "Grace (@grace) · owner", "Linus (@linus)"]
        await screen.press(*"lin")
        await until(lambda: found(screen) == ["Linus (@linus)"])
        await screen.press("enter")
        await screen.sees("@linus", lambda: screen.line("title"))


async def test_members_who_come_and_go_are_counted_and_a_new_name_is_seen(chat: Chat) -> None:
    ada, grace, linus = await chat.people("ada", "grace", "linus")
    group = await made_with(grace, ada)
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("# Chess  2 members", lambda: screen.line("title"))
        await linus.post(f"/join/{await code_of(grace, group)}")
        await screen.sees("# Chess  3 members", lambda: screen.line("title"))
        await linus.post(f"/groups/{group}/leave", status=204)
        await screen.sees("# Chess  2 members", lambda: screen.line("title"))
        async with client_of(grace) as other:
            await other.groups.change(group, name="Go")
        await screen.sees("# Go  2 members", lambda: screen.line("title"))
        await screen.sees("# Go", lambda: screen.chats)


async def test_a_group_is_left_when_the_key_is_pressed_twice(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    group = await made_with(grace, ada)
    async with terminal(ada) as screen:
        await screen.press("enter", "f9")
        await screen.sees("F9 again leaves Chess", lambda: screen.line("notice"))
        await screen.press("f6")
        await screen.sees("What counts here", lambda: screen.line("notice"))
        await screen.press("f9")
        await screen.sees("F9 again leaves Chess", lambda: screen.line("notice"))
        assert len((await ada.get("/conversations"))["conversations"]) == 1
        await screen.press("f9")
        await screen.sees("Nobody yet", lambda: screen.chats)
        await until(lambda: screen.line("title") == "")
        assert (await roles_of(grace, group)) == [grace.id]


async def roles_of(person: Person, group: int) -> list[int]:
    """Return who is in a group."""
    return [each["user"]["id"] for each in (await person.get(f"/groups/{group}/members"))["members"]]


async def test_a_group_that_ends_leaves_the_screen(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    group = await made_with(grace, ada)
    await grace.send(ada, "hello")
    async with terminal(ada) as screen, client_of(grace) as other:
        await screen.press("enter", "ctrl+down")
        await screen.sees("# Chess", lambda: screen.line("title"))
        await other.groups.delete(group, "Chess")
        await until(lambda: "Chess" not in screen.chats + screen.line("title"))
        await screen.press("enter")
        await screen.sees("hello")


async def test_a_reply_in_a_group_says_whom_it_answers(chat: Chat) -> None:
    ada, grace, linus = await chat.people("ada", "grace", "linus")
    group = await made_with(grace, ada, linus)
    asked = await say(linus, group, "who has white?")
    await say(grace, group, "not me")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("not me")
        await screen.press("ctrl+r", "ctrl+r")
        await screen.sees("Answering Linus: who has white?", lambda: screen.line("notice"))
        await screen.write("I have")
        await screen.sees("↪ Linus: who has white?")
        async with client_of(linus) as other:
            [named] = (await other.groups.mentions()).items
            assert (named.content, named.reply_to) == ("I have", asked)


async def test_keys_for_groups_say_so_where_there_is_none(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "hello")
    async with terminal(ada) as screen:
        await screen.press("enter", "f3")
        await screen.sees("That is for groups", lambda: screen.line("notice"))


def test_ones_name_is_marked_where_it_names_one() -> None:
    me = Brief(1, "Ada", "Ada", None, False)
    sender = {"id": 2, "username": "b", "nickname": "B", "avatar_path": None, "is_ai": False}

    def marked(content: str, **said: object) -> list[str]:
        data: dict[str, object] = {
            "id": 5,
            "sender_id": 2,
            "receiver_id": None,
            "group_id": 3,
            "content": content,
            "is_read": False,
        }
        data |= {"created_at": "2026-01-31T08:15:00.000Z", "sender": sender, **said}
        text = Text(content)
        mark_names(text, Message.of(data), me)
        return [content[span.start : span.end] for span in text.spans]

    assert marked("@ada, x@ada @ADA. @adam @ａda @all", mentions=[1]) == ["@ada", "@ADA.", "@ａda"]
    assert marked("@all @ada", mentions_all=True) == ["@all"]
    assert marked("@all @ada") == []


async def test_what_admins_do_is_seen_and_what_they_take_back_is_there_again(chat: Chat) -> None:
    ada, grace, linus = await chat.people("ada", "grace", "linus")
    group = await made_with(grace, ada, linus)
    said = await say(linus, group, "buy this")
    mine = await say(ada, group, "no thanks")
    async with terminal(ada) as screen, client_of(grace) as other:
        await screen.press("enter")
        await screen.sees("buy this")
        [removed] = await other.groups.act(group, "remove", message=said)
        await screen.sees("message deleted")
        assert "buy this" not in screen.history
        await other.groups.undo(group, removed)
        await screen.sees("buy this")
        await other.groups.act(group, "remove", message=mine, reason="too short")
        await screen.sees("A message of yours was removed in Chess: too short", lambda: screen.line("notice"))
        [kick] = await other.groups.act(group, "kick", ada.id, reason="rude")
        await screen.sees("You were put out of", lambda: screen.line("notice"))
        await screen.sees("Nobody yet", lambda: screen.chats)
        await other.groups.undo(group, kick)
        await screen.sees("# Chess", lambda: screen.chats)
        await screen.press("enter")
        await screen.sees("buy this")


def test_what_was_done_to_one_is_said_in_a_sentence() -> None:
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def told(kind: str, reason: str | None = None, until: datetime | None = None, *, undone: bool = False) -> str:
        about = {"group_id": 1, "kind": kind, "reason": reason, "until": until, "undone": undone}
        return news_of(Moderated(type="moderated", data={}, cursor=None, **about), "Chess", now)  # type: ignore[arg-type]

    later = datetime(2026, 2, 3, 12, tzinfo=UTC).astimezone()
    assert told("kick") == "You were put out of Chess"
    assert told("silence", "flood", later) == f"You may not write in Chess until 3 February, {later:%H:%M}: flood"
    assert told("silence", until=now + timedelta(minutes=5)).startswith("You may not write in Chess until ")
    assert told("ban", undone=True) == "You may be in Chess again"
    assert told("else") == "Something was done to you in Chess"

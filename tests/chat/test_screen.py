"""What is on the screen, and how one moves about."""

from textual.strip import Strip
from textual.widgets import OptionList

from chatd.chat.widgets import ChatList, History, Lines
from chatd.storage import users
from chatd.storage.commit import Transaction
from tests.api.support import write
from tests.chat.support import Terminal, client_of, terminal
from tests.support import Chat, until


async def test_older_messages_are_loaded_on_the_way_up_and_nothing_jumps(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    for number in range(130):
        await grace.send(ada, f"note {number}.")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("note 129.")
        assert "note 79." not in screen.history
        shown = screen.app.query_one(History)
        while "note 79." not in screen.history:
            top = shown.text.splitlines()[shown.scroll_offset.y]
            await screen.press("pageup")
        assert top in shown.text
        while "note 0." not in screen.history or shown.scroll_offset.y:
            await screen.press("pageup")
            await screen.pilot.pause()
        numbers = [line.split()[-1] for line in screen.history.splitlines() if "note" in line]
        assert numbers == [f"{number}." for number in range(130)]


async def test_what_is_read_stays_where_it_is_when_something_comes(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    for number in range(45):
        await grace.send(ada, f"note {number}.")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("note 44.")
        await until(lambda: screen.app.controller.chat is not None and screen.app.controller.chat.unread == 0)
        await screen.press("pageup")
        shown = screen.app.query_one(History)
        top = shown.scroll_offset.y
        await grace.send(ada, "the newest")
        await screen.sees("the newest")
        assert shown.scroll_offset.y == top
        await screen.sees("↓ 1 new", lambda: screen.line("notice"))
        await screen.press("ctrl+end")
        await until(lambda: screen.line("notice") == "")
        await grace.send(ada, "even newer")
        await screen.sees("even newer")
        await until(lambda: shown.scroll_offset.y == shown.max_scroll_y > top)


async def test_each_day_has_its_line(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "now")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("now")
        assert screen.history.count(" Today ") == 1


async def test_what_others_write_cannot_command_the_terminal(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "\x1b]0;owned\x07\x1b[2J \x9b31m ‮evil [red]x[/]")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("evil")
        assert "␛]0;owned␇␛[2J �31m evil [red]x[/]" in " ".join(screen.history.split())
        lines = screen.app.query_one(History)
        drawn = "".join(segment.text for y in range(lines.size.height) for segment in lines.render_line(y))
        assert "evil" in drawn
        assert all(character.isprintable() for character in drawn)


async def test_who_has_a_nickname_that_cannot_be_seen_is_shown_by_the_username(chat: Chat) -> None:
    ada, grace, mary = await chat.people("ada", "grace", "mary")

    def rename(tx: Transaction) -> None:  # as they could be before there was a rule
        for person, nickname in ((grace, "\u3164\u200b \u2800"), (mary, "🎉")):
            users.set_profile(tx.db, person.id, nickname=nickname, search_key="", avatar_path=None, bio=None)

    write(chat, rename)
    await mary.send(ada, "from Mary")
    await grace.send(ada, "from Grace")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("from Grace")
        assert "grace" in screen.history
        assert ["grace" in line for line in screen.chats.splitlines()[:2]] == [True, False]
        assert "🎉" in screen.chats


async def test_a_narrow_terminal_has_one_column(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "a message that is too long for one line")
    async with terminal(ada, width=36, height=12) as screen:
        chats, history = screen.app.query_one(ChatList), screen.app.query_one(History)
        await screen.sees("Grace", lambda: screen.chats)
        assert (chats.size.width, history.size.width) == (36, 0)
        await screen.press("enter")
        await screen.sees("too long")
        assert not chats.display
        assert max(map(len, screen.history.splitlines())) <= 34
        await screen.press("escape")
        await until(lambda: chats.size.width == 36)
        await screen.pilot.resize_terminal(80, 24)
        await until(lambda: chats.display and history.size.width > 36)
        await screen.sees("a message that is too long for one line")


async def test_a_chat_with_somebody_new_begins_by_finding_them(chat: Chat) -> None:
    ada, grace, _ = await chat.people("ada", "grace", "linus")
    async with terminal(ada) as screen:
        await screen.open("Linus")
        await screen.press("ctrl+n", *"ada", "enter")
        await until(lambda: found(screen) == ["nobody is called that"])
        await screen.press("escape")
        await screen.open("Grace")
        await screen.sees("Grace", lambda: screen.line("title"))
        await screen.write("hello")
        await screen.sees("hello ✓")
        async with client_of(grace) as other:
            assert [each.content for each in (await other.messages(ada.id)).items] == ["hello"]


def found(screen: Terminal) -> list[str]:
    """Return what the dialog shows below the name."""
    return [str(option.prompt) for each in screen.app.screen.query(OptionList) for option in each.options]


async def test_each_chat_keeps_what_is_written_in_it(chat: Chat) -> None:
    ada, grace, linus = await chat.people("ada", "grace", "linus")
    await grace.send(ada, "one")
    await linus.send(ada, "two")
    async with terminal(ada) as screen:
        await screen.sees("Grace", lambda: screen.chats)
        await screen.press("enter", *"draft")
        await screen.sees("○ Linus", lambda: screen.line("title"))
        await until(lambda: screen.composer == "draft")
        await screen.press("ctrl+down")
        await screen.sees("Grace", lambda: screen.line("title"))
        assert screen.composer == ""
        await screen.press("ctrl+up")
        await until(lambda: screen.composer == "draft")


async def test_the_keys_are_explained(chat: Chat) -> None:
    ada = await chat.person("ada")
    async with terminal(ada) as screen:
        await screen.press("f1")
        await until(lambda: len(screen.app.screen_stack) == 2)
        await screen.press("escape")
        await until(lambda: len(screen.app.screen_stack) == 1)


async def test_a_line_that_stays_the_same_is_not_drawn_again(chat: Chat) -> None:
    ada, grace, linus = await chat.people("ada", "grace", "linus")
    await grace.send(ada, "one")
    await linus.send(ada, "two")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("two")
        await until(lambda: screen.app.controller.state is not None and screen.app.controller.state.unread == 1)
        await screen.pilot.pause()
        drawn: list[int] = []

        def watch(widget: Lines) -> None:
            draw = widget.render_line

            def render_line(y: int) -> Strip:
                drawn.append(y)
                return draw(y)

            widget.render_line = render_line  # type: ignore[method-assign]

        watch(screen.app.query_one(History))
        watch(screen.app.query_one(ChatList))
        await grace.send(ada, "three")
        await until(lambda: screen.app.controller.state is not None and screen.app.controller.state.unread == 2)
        await until(lambda: len(drawn) >= 2)
        await screen.pilot.pause()
        assert drawn == [0, 1]

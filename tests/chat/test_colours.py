"""What is on the screen can be read: with colours and without, on dark and on light, and in narrow terminals."""

import re

import pytest
from rich.segment import Segment
from rich.style import Style

from tests.chat.support import Terminal, client_of, terminal
from tests.support import Chat, until


@pytest.fixture(params=["0", "1", ""], ids=["NO_COLOR=0", "NO_COLOR=1", "NO_COLOR="])
def no_color(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that wants no colours, whatever is in the variable."""
    monkeypatch.setenv("NO_COLOR", request.param)


def segments(screen: Terminal) -> list[Segment]:
    """Return all that is drawn."""
    return [segment for strip in screen.drawn for segment in strip]


def marked(screen: Terminal) -> list[str]:
    """Return what is chosen, and the cursor: it is drawn the other way round, or has a line below it."""
    styled = [(each.text, each.style) for each in segments(screen) if each.style is not None]
    return [text for text, style in styled if style.reverse or style.underline]


async def tour(screen: Terminal, chat: Chat) -> list[tuple[str, list[Segment], list[str]]]:
    """Go through all there is to see; return of each place its name, what is drawn, and what of it is chosen."""
    seen = []

    async def look(name: str) -> None:
        await screen.pilot.pause()
        seen.append((name, segments(screen), marked(screen)))

    await look("list")
    await screen.press("enter")
    await screen.sees("hello")
    await until(lambda: "Grace" in screen.line("title"))
    await screen.press("a", "b", "shift+left", "left")
    await look("chat")
    await screen.press("ctrl+r")
    await look("answering")
    await screen.press("escape", "ctrl+n")
    await until(lambda: "@linus" in screen.screen)
    await screen.press("down")
    await look("find")
    await screen.press("escape", "f1")
    await until(lambda: "break the line" in screen.screen)
    await look("help")
    return seen


async def test_without_colours_all_is_in_the_terminals_own_and_what_is_chosen_is_marked(
    chat: Chat, no_color: None
) -> None:
    ada, grace, _ = await chat.people("ada", "grace", "linus")
    async with client_of(grace) as client:
        await client.react(await client.send(ada.id, "hello"), "👍")
    async with terminal(ada) as screen:
        for name, drawn, chosen in await tour(screen, chat):
            for segment in drawn:
                style = segment.style or Style()
                for colour in (style.color, style.bgcolor):
                    assert colour is None or colour.is_default, (name, segment)
            assert {"list": "Grace", "find": "(@linus)"}.get(name, "") in "".join(chosen), name
            assert chosen or name == "help", name


async def test_with_colours_nothing_has_a_background_that_could_be_the_colour_of_the_text(chat: Chat) -> None:
    ada, grace, _ = await chat.people("ada", "grace", "linus")
    async with client_of(grace) as client:
        await client.send(ada.id, "hello")
    async with terminal(ada) as screen:
        for name, drawn, chosen in await tour(screen, chat):
            for segment in drawn:
                background = (segment.style or Style()).bgcolor
                assert background is None or background.is_default, (name, segment)
            assert chosen or name == "help", name


HINT = "Choose a chat with ↑ ↓ and Enter, or Ctrl+N for a new one"


def words(screen: Terminal, beside_list: bool = True) -> str:
    """Return the words right of the list, or all where there is none."""
    lines = [line.partition("│")[2] if "│" in line else "" for line in screen.screen.splitlines()[:-1]]
    return " ".join(" ".join(lines if beside_list else screen.screen.splitlines()).split())


@pytest.mark.parametrize("width", [200, 100, 80, 72, 60])
async def test_the_first_hint_is_to_be_read_whole(chat: Chat, width: int) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "hello")
    async with terminal(ada, width=width) as screen:
        await until(lambda: HINT in words(screen))
        await screen.press("enter")
        await screen.sees("hello")
        await until(lambda: HINT not in words(screen))


@pytest.mark.parametrize("width", [100, 80, 60, 40])
async def test_what_the_keys_ask_for_is_to_be_read_whole(chat: Chat, width: int) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "hello")
    beside_list = width >= 60
    async with terminal(ada, width=width) as screen:
        await screen.press("enter")
        await screen.sees("hello")
        await screen.write("a rather long message of one's own, which does not fit into one line")
        await screen.sees("✓")
        await screen.press("f8")
        await until(lambda: re.search(r"F8 again deletes “a rath.*”, Esc keeps it", words(screen, beside_list)))
        await screen.press("escape", "f2")
        told = "Changing your message: Enter saves, Esc leaves it"
        await until(lambda: told in words(screen, beside_list))

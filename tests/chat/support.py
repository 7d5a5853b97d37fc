"""The terminal client on a screen that is not shown."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input, OptionList

from chatd.chat.app import ChatApp
from chatd.chat.ending import Ending
from chatd.chat.widgets import ChatList, Composer, History, Line
from chatd.client import Backoff, Client
from tests.support import Person, until


def fast() -> Backoff:
    """Return a backoff for tests, which need not wait for seconds."""
    return Backoff(first=0.01, most=0.05)


@dataclass
class Terminal:
    """What somebody sees, and the keys they press."""

    app: ChatApp
    pilot: Pilot[Ending | None]

    @property
    def chats(self) -> str:
        """The list of chats."""
        return self.app.query_one(ChatList).text

    @property
    def history(self) -> str:
        """What is loaded of the open chat."""
        return self.app.query_one(History).text

    @property
    def composer(self) -> str:
        """What is being written."""
        return self.app.query_one(Composer).text

    @property
    def drawn(self) -> list[Strip]:
        """What the terminal is given to draw, line by line."""
        return self.app.screen._compositor.render_strips()

    @property
    def screen(self) -> str:
        """What is to be seen, all of it."""
        return "\n".join(strip.text.rstrip() for strip in self.drawn)

    def line(self, name: str) -> str:
        """The title, the notice or the status."""
        return self.app.query_one(f"#{name}", Line).text.plain

    async def press(self, *keys: str) -> None:
        """Press keys one after another."""
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Write a text, and send it."""
        self.app.query_one(Composer).put(text)
        await self.pilot.press("enter")
        await until(lambda: not self.composer)

    async def open(self, name: str) -> None:
        """Open somebody's chat, by finding them."""
        await self.pilot.press("ctrl+n")
        await until(lambda: self.app.screen.query(Input))
        self.app.screen.query_one(Input).value = name
        await self.pilot.press("enter")
        await until(lambda: name in self.line("title"))

    async def sees(self, text: str, where: Callable[[], str] | None = None) -> None:
        """Wait until a text is to be seen, in the history if nothing else is said."""
        await until(lambda: text in (where() if where is not None else self.history))


@contextlib.asynccontextmanager
async def terminal(
    person: Person, width: int = 80, height: int = 24, url: str | None = None
) -> AsyncIterator[Terminal]:
    """A terminal with somebody's chats in it, connected and loaded.

    :param url: where, if not directly at the person's server.
    """
    has_chats = bool((await person.get("/conversations"))["conversations"])
    app = ChatApp(url or str(person.client.make_url("/")), person.token, backoff=fast())
    async with app.run_test(size=(width, height)) as pilot:
        shown = Terminal(app, pilot)
        await until(lambda: person.nickname in shown.line("status"))
        await until(lambda: shown.chats and has_chats == ("Nobody yet" not in shown.chats))
        yield shown


def client_of(person: Person) -> Client:
    """Return a person's client without a screen, to be connected by ``async with``."""
    return Client(str(person.client.make_url("/")), token=person.token, backoff=fast())


def found(screen: Terminal) -> list[str]:
    """Return what a dialog has found."""
    lists = screen.app.screen.query(OptionList)
    return [str(option.prompt) for option in lists.first().options] if lists else []


async def ask(screen: Terminal, key: str, text: str, line: str) -> None:
    """Open a dialog, write something and wait until it is found, and take it."""
    await screen.press(key)
    await until(lambda: found(screen))
    await screen.press(*text)
    await until(lambda: found(screen) == [line])
    await screen.press("enter")

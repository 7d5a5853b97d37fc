"""A connection that is lost and found."""

import contextlib
import sqlite3
from pathlib import Path

from yarl import URL

from tests.chat.support import terminal
from tests.client.support import Line
from tests.conftest import Start
from tests.support import Person, until


async def test_after_a_restart_of_the_server_nothing_is_missed_and_what_was_written_goes_out(
    start: Start, tmp_path: Path
) -> None:
    chat = await start()
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "before")
    async with Line(chat.server.url) as line, terminal(ada, url=line.url) as screen:
        await screen.press("enter")
        await screen.sees("before")
        await chat.client.server.close()
        await until(lambda: "offline, reconnecting in " in screen.line("status"))
        await screen.write("first")
        await screen.write("second")
        await screen.sees("second … sending")
        await screen.sees("2 to send", lambda: screen.line("status"))
        later = await start(data_dir=tmp_path / "data")
        line.target = URL(later.server.url)
        back = Person(later.client, grace.id, grace.username, grace.nickname, grace.token)
        await back.send(ada, "meanwhile")
        await screen.sees("meanwhile")
        await screen.sees("first ✓")
        await screen.sees("second ✓")
        await screen.sees("● Ada", lambda: screen.line("status"))
        items = (await back.get(f"/messages/history/{ada.id}"))["items"]
        mine = [each["content"] for each in items if each["sender_id"] == ada.id]
        assert mine == ["first", "second"]
        assert all(screen.history.count(text) == 1 for text in ("before", "first", "second", "meanwhile"))


async def test_where_the_server_has_begun_another_log_everything_is_loaded_again(start: Start, tmp_path: Path) -> None:
    chat = await start()
    ada, grace, linus = await chat.people("ada", "grace", "linus")
    await linus.send(ada, "of Linus")
    await grace.send(ada, "before")
    async with Line(chat.server.url) as line, terminal(ada, url=line.url) as screen:
        await screen.press("enter")
        await screen.sees("before")
        await chat.client.server.close()
        with contextlib.closing(sqlite3.connect(tmp_path / "data" / "chatd.db")) as db, db:
            db.execute("UPDATE change_log_state SET epoch = 'another'")
            db.execute("UPDATE messages SET content = 'from the backup' WHERE content = 'before'")
        later = await start(data_dir=tmp_path / "data")
        line.target = URL(later.server.url)
        await screen.sees("from the backup")
        assert "before" not in screen.history
        back = Person(later.client, linus.id, linus.username, linus.nickname, linus.token)
        await back.send(ada, "and on")
        await until(lambda: [each.split()[1:] for each in screen.chats.splitlines()] == [["Linus", "2"], ["Grace"]])


async def test_who_quits_with_something_unsent_is_asked_first(start: Start) -> None:
    chat = await start()
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "before")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("before")
        await chat.client.server.close()
        await until(lambda: not screen.app.controller.client.is_connected)
        await screen.write("lost")
        await screen.sees("1 to send", lambda: screen.line("status"))
        await screen.pilot.pause()
        await screen.press("ctrl+q")
        await screen.sees("1 not sent yet", lambda: screen.line("notice"))
        assert screen.app.is_running
        await screen.press("ctrl+q")
        await until(lambda: not screen.app.is_running)


async def test_a_session_that_is_ended_elsewhere_asks_for_a_new_login(start: Start) -> None:
    chat = await start()
    ada = await chat.person("ada")
    async with terminal(ada) as screen:
        await ada.post("/auth/logout", status=204)
        await until(lambda: screen.app.return_value is not None)
        assert screen.app.return_value is not None
        assert screen.app.return_value.sign_in


async def test_what_the_server_refuses_is_marked_and_can_be_written_again(start: Start) -> None:
    chat = await start()
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "before")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("before")
        await screen.write("x" * 2001)
        await screen.sees("✗ not sent: ")
        await screen.press("up")
        assert screen.composer == "x" * 2001
        await until(lambda: "not sent" not in screen.history)
        await screen.write("short")
        await screen.sees("short ✓")

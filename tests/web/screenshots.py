"""Takes a picture of each page of the web client: light and dark, on a phone and on a desk.

Usage: ``python -m tests.web.screenshots [DIRECTORY]``, from the root of the repository, with the web client built and
Chromium installed. It starts a server of its own, has people talk there, and writes WebP pictures to
``docs/screenshots/``. Fonts for Chinese and for emoji have to be there (Debian's ``fonts-noto-cjk`` and
``fonts-noto-color-emoji``). Look at them all after a change of the client.
"""

import argparse
import asyncio
import io
import re
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, get_args

from aiohttp import FormData
from aiohttp.test_utils import TestClient
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Locator, expect

from tests.process import ServerProcess, client_of
from tests.support import PASSWORD, Person
from tests.web.browser import DESK, PHONE, Device, Devices, chromium
from tests.web.pages import Part

DIRECTORY = Path(__file__).parents[2] / "docs" / "screenshots"

#: What phones and desks say they are, for the list of sessions.
AGENT = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 {}Safari/537.36"
FORMS: dict[str, dict[str, Any]] = {
    "desk": {**DESK, "user_agent": AGENT.format("X11; Linux x86_64", "")},
    "phone": {**PHONE, "device_scale_factor": 2, "user_agent": AGENT.format("Linux; Android 16", "Mobile ")},
}
ELSEWHERE = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0"
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

PEOPLE = {
    "mira": "Mira Holm",
    "jonas": "Jonas Weber",
    "xiaoyu": "李小雨",
    "sara": "سارة العلي",
    "ben": "Ben Okafor",
    "ines": "Inês Duarte",
    "tomasz": "Tomasz Zieliński",
    "prizes": "Prize Centre",
}

#: Who says what to whom, and how many minutes ago.
TALK = (
    ("prizes", "mira", "Congratulations!!! You have won a phone. Send us your address now", 11000),
    ("ines", "mira", "The keys are with the neighbour on the second floor.", 9000),
    ("mira", "ines", "Found them. Thank you!", 8995),
    ("mira", "tomasz", "Did the new filter fit?", 4400),
    ("tomasz", "mira", "Like a glove 👍", 4380),
    ("ben", "mira", "Minutes of the last meeting: https://example.org/minutes/2026-05", 1700),
    ("mira", "ben", "Read them. Two small corrections, otherwise fine with me.", 1650),
    ("mira", "sara", "Shall we meet on Thursday?", 320),
    ("sara", "mira", "نعم، الخميس مناسب جدًا. إلى اللقاء!", 300),
    ("xiaoyu", "mira", "周末一起去爬山吗？天气预报说会放晴。", 95),
    ("mira", "xiaoyu", "好啊！几点出发？", 90),
    ("xiaoyu", "mira", "早上七点，在地铁站门口见。记得带水和雨衣，山上可能会有点凉。", 62),
    ("jonas", "mira", "Evening! Are the posters printed?", 1500),
    ("mira", "jonas", "Tomorrow at ten, they said. I can fetch them on the way to work.", 1496),
    ("jonas", "mira", "Perfect.", 1495),
    ("mira", "jonas", "They are here. And they look *good*.", 44),
    (
        "jonas",
        "mira",
        "Great! Then let us put them up on Saturday: the library, the bakery, both schools and the notice board at the "
        "station. I have a ladder, you have the tape, and Ben said that he would bring his daughters, who can reach "
        "anything with a little help.",
        41,
    ),
    ("mira", "jonas", "Saturday is good. Ten o'clock?", 39),
    ("jonas", "mira", "Ten is fine. List of places: https://example.org/posters", 38),
    ("mira", "jonas", "🎉", 37),
    ("jonas", "mira", "And somebody should ask the bakery first", 6),
    ("jonas", "mira", "Shall I?", 5),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.web.screenshots", description="Take pictures of each page.")
    parser.add_argument("directory", nargs="?", type=Path, default=DIRECTORY, help="where they go (docs/screenshots)")
    directory = parser.parse_args(arguments).directory
    directory.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(directory))


async def take(directory: Path) -> None:
    """Take every picture, on a server that is new for each form and scheme: what was looked at is no longer unread."""
    async with chromium() as browser:
        for form in FORMS:
            for scheme in SCHEMES:
                with tempfile.TemporaryDirectory(prefix="chatd-screenshots-") as home:
                    await visit(browser, Path(home) / "data", directory, form, scheme)


async def visit(browser: Browser, data_dir: Path, directory: Path, form: str, scheme: Scheme) -> None:
    """Let people talk, and take a picture of every page that one of them sees."""
    options: dict[str, Any] = {**FORMS[form], "color_scheme": scheme, "reduced_motion": "reduce"}
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            devices = Devices(browser, server.url)
            first = await join(client, "mira", PEOPLE["mira"])
            await first_minute(await devices.device(first, **options), directory, form, scheme)
            people = {name: await join(client, name, PEOPLE[name]) for name in PEOPLE if name != "mira"}
            people["mira"] = first
            await talk(data_dir / "chatd.db", people)
            at_jonas = await devices.desk(people["jonas"])
            await at_jonas.open("/messages")
            await expect(at_jonas.conversations.of(PEOPLE["mira"])).to_be_visible()
            device = await devices.device(**options)
            await pictures(device, people, directory, form, scheme)
            chinese = await devices.device(people["mira"], locale="zh-CN", **options)
            await chinese.open(f"/messages/{people['xiaoyu'].id}")
            await picture(
                chinese,
                chinese.page.get_by_role("article").filter(has_text="记得带水"),
                directory / f"chinese-{form}-{scheme}.webp",
            )
            await device.open(f"/messages/{people['ben'].id}")
            await expect(device.chat.message("Two small corrections")).to_be_visible()
            server.kill()
            await device.chat.say("On the train, and there is no line. See you at eight!")
            await picture(
                device,
                device.page.get_by_role("button", name="Retry now"),
                directory / f"offline-{form}-{scheme}.webp",
            )
            await devices.close()


async def join(client: TestClient[Any, Any], name: str, nickname: str) -> Person:
    """Return somebody new, with a picture of their own if it is Jonas."""
    body = {"username": name, "password": PASSWORD, "nickname": nickname}
    async with client.post("/auth/register", json=body) as response:
        assert response.status == 201, await response.text()
        user = await response.json()
    person = Person(client, user["id"], name, nickname, await sign_in_at_home(client, name))
    if name == "jonas":
        form = FormData()
        form.add_field("file", portrait(), filename="me.png", content_type="image/png")
        async with await person.request("POST", "/files/upload/avatar", data=form) as response:
            assert response.status == 200, await response.text()
            url = (await response.json())["url"]
        async with await person.request(
            "PUT", "/users/me", json={"avatar_path": url, "bio": "Posters, mostly."}
        ) as response:
            assert response.status == 200, await response.text()
    return person


async def sign_in_at_home(client: TestClient[Any, Any], name: str) -> str:
    """Sign in by a browser that is neither this phone nor this desk, and return the token."""
    body = {"username": name, "password": PASSWORD}
    async with client.post("/auth/login", data=body, headers={"User-Agent": ELSEWHERE}) as response:
        assert response.status == 200, await response.text()
        token: str = (await response.json())["access_token"]
        return token


def portrait() -> bytes:
    """Return a picture of hills under a sun."""
    image = Image.new("RGB", (256, 256), "#f3c98b")
    draw = ImageDraw.Draw(image)
    draw.ellipse((140, 40, 210, 110), fill="#fff3d6")
    draw.polygon([(0, 190), (80, 90), (150, 170), (200, 120), (256, 180), (256, 256), (0, 256)], fill="#3f7d6b")
    draw.polygon([(0, 220), (110, 160), (256, 225), (256, 256), (0, 256)], fill="#245146")
    output = io.BytesIO()
    image.save(output, "PNG")
    return output.getvalue()


async def talk(database: Path, people: dict[str, Person]) -> None:
    """Send everything at its time, and leave the last of it unread."""
    mira, jonas = people["mira"], people["jonas"]
    ids = []
    for sender, receiver, content, _ in TALK:
        ids.append((await people[sender].send(people[receiver], content))["id"])
        await people[sender].post(f"/messages/read/{people[receiver].id}")
    for name, person in people.items():
        if name not in ("mira", "xiaoyu", "jonas"):
            await mira.post(f"/messages/read/{person.id}")
            await person.post(f"/messages/read/{mira.id}")
    await jonas.post(f"/messages/read/{mira.id}")
    places = next(number for (_, _, content, _), number in zip(TALK, ids, strict=True) if content.startswith("Great!"))
    for person, emoji in ((mira, "👍"), (jonas, "👍"), (mira, "❤️")):
        async with await person.request("PUT", f"/messages/{places}/reactions/{emoji}") as response:
            assert response.ok, await response.text()
    now = int(time.time() * 1000)
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        for message_id, (*_, minutes) in zip(ids, TALK, strict=True):
            db.execute("UPDATE messages SET created_at = ? WHERE id = ?", (now - minutes * 60_000, message_id))


async def first_minute(device: Device, directory: Path, form: str, scheme: Scheme) -> None:
    """Show what the first account sees, and how it invites others."""
    invite = device.page.get_by_role("button", name="Invite people")
    await device.open("/messages")
    await picture(device, invite, directory / f"welcome-{form}-{scheme}.webp")
    await invite.click()
    await picture(
        device, device.page.get_by_role("img", name=re.compile("QR")), directory / f"invite-{form}-{scheme}.webp"
    )


async def pictures(device: Device, people: dict[str, Person], directory: Path, form: str, scheme: Scheme) -> None:
    """Go through the pages as Mira does, from signing in to the settings."""

    async def shoot(name: str, sign: Locator) -> None:
        await picture(device, sign, directory / f"{name}-{form}-{scheme}.webp")

    mira, jonas, prizes = people["mira"], people["jonas"], people["prizes"]
    await device.open("/register")
    await shoot("register", device.entrance.register_heading)
    await device.open("/login")
    await shoot("login", device.entrance.sign_in_heading)
    await device.entrance.sign_in(mira.username, PASSWORD)
    await shoot("messages", device.conversations.of(jonas.nickname))
    await device.conversations.new.click()
    await shoot("find", device.conversations.result(jonas.nickname))
    await device.page.keyboard.press("Escape")
    await expect(device.conversations.dialog).to_have_count(0)
    await device.page.keyboard.press("Control+k")
    await shoot("switcher", device.page.get_by_role("dialog", name="Go to").get_by_role("option").last)
    await device.page.keyboard.press("Escape")
    await device.conversations.of(jonas.nickname).click()
    await shoot("chat", device.chat.message("Shall I?"))
    await device.chat.open_menu(device.chat.message("List of places"))
    await shoot("menu", device.page.get_by_role("menuitem", name="Reply"))
    await device.page.keyboard.press("Escape")
    await device.page.get_by_role("button", name="Emoji", exact=True).click()
    smileys = device.page.get_by_role("region", name="Smileys and emotion")
    await shoot("emoji", smileys)
    await device.page.keyboard.press("Escape")
    await expect(smileys).to_have_count(0)
    await device.chat.box.focus()
    await device.open(f"/people/{jonas.id}")
    await shoot("person", device.page.get_by_text("Posters, mostly."))
    await device.open(f"/messages/{prizes.id}")
    await device.chat.act(device.chat.message("Congratulations"), "Report")
    reason = device.page.get_by_label("What is wrong with it?")
    await reason.fill("A fraud: there was no draw, and they ask for addresses.")
    await shoot("report", reason)
    await device.page.keyboard.press("Escape")
    await expect(reason).to_have_count(0)
    async with await mira.request("PUT", f"/users/{prizes.id}/block") as response:
        assert response.status == 204, await response.text()
    await device.open(f"/messages/{prizes.id}")
    await shoot("blocked", device.page.get_by_role("button", name="Unblock", exact=True))
    await device.open("/settings")
    await shoot("settings", device.settings.pages)
    for part in get_args(Part):
        await device.settings.open(part)
        await expect(device.page.get_by_role("status", name="Loading")).to_have_count(0)
        await shoot(f"settings-{part}", device.page.get_by_role("heading", level=1))
    await device.navigation.account.click()
    await shoot("account", device.page.get_by_role("menuitem", name="Sign out"))
    await device.page.keyboard.press("Escape")
    await device.open("/messages/0")
    await shoot("nowhere", device.page.get_by_role("heading", name="Page not found"))


async def picture(device: Device, sign: Locator, path: Path) -> None:
    """Take a picture of what is in the window, when ``sign`` and everything else in it is there."""
    await expect(sign).to_be_visible()
    log = device.page.get_by_role("log")
    if await log.count():
        await expect(log).to_have_css("opacity", "1")
    await device.page.evaluate(
        """async () => {
          await document.fonts.ready
          await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)))
          await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined)))
        }"""
    )
    with Image.open(io.BytesIO(await device.page.screenshot())) as image:
        image.convert("RGB").save(path, "WEBP", quality=82, method=6)


if __name__ == "__main__":
    main()

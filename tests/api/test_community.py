"""What administrators choose for the whole community in the browser, and where the configuration beats it."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from PIL import Image

from chatd.storage import settings as kept
from tests.api.support import write
from tests.conftest import Start
from tests.support import PASSWORD, Chat, Person, error_of, until_true

PATH = "/admin/community"

FREE = {"name": "chatd", "registration": "open", "picture": "", "fixed": {}, "chosen": []}


def picture(colour: str = "teal") -> bytes:
    """Return a picture of 600 by 400 as PNG."""
    file = io.BytesIO()
    Image.new("RGB", (600, 400), colour).save(file, "PNG")
    return file.getvalue()


def form(content: bytes) -> FormData:
    """Return the form with a file."""
    data = FormData()
    data.add_field("file", io.BytesIO(content), filename="picture")
    return data


async def ask(person: Person, method: str, path: str = PATH, status: int = 200, **request: Any) -> dict[str, Any]:
    """Send a request and return its answer."""
    async with await person.request(method, path, **request) as response:
        assert response.status == status, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer


async def told(chat: Chat) -> dict[str, Any]:
    """Return what the web client is told."""
    async with chat.client.get("/config.json") as response:
        assert response.status == 200
        facts: dict[str, Any] = await response.json()
        return facts


async def register(chat: Chat, username: str, **more: str) -> tuple[int, str]:
    """Register and return the status, and the code of the error if there is one."""
    body = {"username": username, "password": PASSWORD, "nickname": username, **more}
    async with chat.client.post("/auth/register", json=body) as response:
        return (201, "") if response.status == 201 else await error_of(response)


async def test_a_fresh_server_lets_anybody_in_until_an_administrator_says_otherwise(chat: Chat) -> None:
    admin = await chat.person("admin")
    assert await ask(admin, "GET") == FREE
    assert await register(chat, "early") == (201, "")
    assert await ask(admin, "PATCH", json={"registration": "invite"}) == {
        **FREE,
        "registration": "invite",
        "chosen": ["registration"],
    }
    assert (await told(chat))["registration"] == "invite"
    assert await register(chat, "late") == (403, "invite_invalid")
    code = (await admin.post("/invites", {}, 201))["code"]
    assert await register(chat, "guest", invite=code) == (201, "")
    await ask(admin, "PATCH", json={"registration": "closed"})
    assert await register(chat, "later") == (403, "registration_closed")
    assert await ask(admin, "PATCH", json={"registration": None}) == FREE
    assert await register(chat, "later") == (201, "")


async def test_a_name_is_told_at_once_in_the_client_and_in_the_title(chat: Chat) -> None:
    admin = await chat.person("admin")
    answer = await ask(admin, "PATCH", json={"name": " Chess & Go "})
    assert (answer["name"], answer["chosen"]) == ("Chess & Go", ["name"])
    facts = await told(chat)
    assert (facts["name"], facts["registration"]) == ("Chess & Go", "open")
    async with chat.client.get("/login", headers={"Accept": "text/html"}) as response:
        title = re.search("<title>(.*)</title>", await response.text())
        assert title is not None
        assert title[1] == "Chess &amp; Go"
        tag = response.headers["ETag"]
    await ask(admin, "PATCH", json={"name": None})
    async with chat.client.get("/login", headers={"Accept": "text/html", "If-None-Match": tag}) as response:
        assert "<title>chatd</title>" in await response.text()


async def test_what_is_chosen_outlives_the_server(start: Start) -> None:
    admin = await (first := await start()).person("admin")
    await ask(admin, "PATCH", json={"name": "Chess", "registration": "closed"})
    chosen = await ask(admin, "PUT", f"{PATH}/picture", data=form(picture()))
    await first.client.close()
    again = await start()
    facts = await told(again)
    assert (facts["name"], facts["registration"], facts["picture"]) == ("Chess", "closed", chosen["picture"])


async def test_a_picture_is_decoded_anew_and_another_one_has_another_address(chat: Chat) -> None:
    admin = await chat.person("admin")
    addresses = []
    for colour in ("teal", "coral"):
        answer = await ask(admin, "PUT", f"{PATH}/picture", data=form(picture(colour)))
        assert answer["chosen"] == ["picture"]
        assert (await told(chat))["picture"] == answer["picture"]
        addresses.append(answer["picture"])
        async with chat.client.get(answer["picture"]) as response:
            assert (response.status, response.content_type) == (200, "image/webp")
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            with Image.open(io.BytesIO(await response.read())) as image:
                assert (image.format, image.width) == ("WEBP", 512)
    assert len(set(addresses)) == 2
    assert await chat.error("GET", addresses[0]) == (404, "not_found")
    assert await ask(admin, "DELETE", f"{PATH}/picture") == FREE
    assert (await told(chat))["picture"] == ""
    assert await chat.error("GET", addresses[1]) == (404, "not_found")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"<svg/>", 400, "unsupported_image"),
        (b"", 400, "unsupported_image"),
        (b"x" * (2 * 1024 * 1024 + 1), 413, "too_large"),
    ],
)
async def test_a_file_that_is_no_picture_is_refused(chat: Chat, content: bytes, status: int, code: str) -> None:
    admin = await chat.person("admin")
    async with await admin.request("PUT", f"{PATH}/picture", data=form(content)) as response:
        assert await error_of(response) == (status, code)
    assert await ask(admin, "GET") == FREE


@pytest.mark.parametrize(
    "body",
    [
        *({"name": value} for value in ("", " ", "...", "x" * 51, "a\nb", "a\u202eb", 5)),
        *({"registration": value} for value in ("", "Open", "anybody", True)),
    ],
)
async def test_a_bad_choice_is_refused(chat: Chat, body: dict[str, Any]) -> None:
    admin = await chat.person("admin")
    async with await admin.request("PATCH", PATH, json=body) as response:
        assert await error_of(response) == (422, "validation_error")
        assert set((await response.json())["errors"]) == set(body)
    assert await ask(admin, "GET") == FREE


async def test_nobody_else_sees_or_changes_it(chat: Chat) -> None:
    admin, bob = await chat.people("admin", "bobby")
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", PATH, {}),
        ("PATCH", PATH, {"json": {"name": "Bobby's"}}),
        ("PUT", f"{PATH}/picture", {"data": form(picture())}),
        ("DELETE", f"{PATH}/picture", {}),
    ]
    for method, path, request in requests:
        async with await bob.request(method, path, **request) as response:
            assert await error_of(response) == (403, "administrators_only")
        request.pop("data", None)  # a form is sent once
        assert await chat.error(method, path, **request) == (401, "not_authenticated")
    assert await ask(admin, "GET") == FREE


async def test_what_the_configuration_says_beats_what_is_chosen_and_the_answer_says_where(
    start: Start, tmp_path: Path
) -> None:
    first = await start()
    admin = await first.person("admin")
    await ask(admin, "PATCH", json={"name": "Chosen", "registration": "closed"})
    await first.client.close()
    file = tmp_path / "picture.png"
    file.write_bytes(picture())
    chat = await start(web={"name": "Given", "picture": str(file)}, accounts={"registration": "invite"})
    admin.client = chat.client
    facts = await told(chat)
    where = "command line"
    assert await ask(admin, "GET") == {
        "name": "Given",
        "registration": "invite",
        "picture": facts["picture"],
        "fixed": {"name": where, "registration": where, "picture": where},
        "chosen": ["name", "registration"],
    }
    assert (facts["name"], facts["registration"]) == ("Given", "invite")
    assert await register(chat, "guest") == (403, "invite_invalid")
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", PATH, {"json": {"name": "Other"}}),
        ("PATCH", PATH, {"json": {"registration": None}}),
        ("PUT", f"{PATH}/picture", {"data": form(picture())}),
        ("DELETE", f"{PATH}/picture", {}),
    ]
    for method, path, request in requests:
        async with await admin.request(method, path, **request) as response:
            assert await error_of(response) == (409, "setting_fixed")
            assert where in (await response.json())["detail"]
    assert await told(chat) == facts


async def test_one_fixed_setting_leaves_the_others_to_choose(start: Start) -> None:
    chat = await start(accounts={"registration": "open"})
    admin = await chat.person("admin")
    assert (await ask(admin, "PATCH", json={"name": "Chess"}))["fixed"] == {"registration": "command line"}
    async with await admin.request("PATCH", PATH, json={"name": "Go", "registration": "closed"}) as response:
        assert await error_of(response) == (409, "setting_fixed")
    assert (await told(chat))["name"] == "Chess"


async def test_a_change_beside_the_server_is_followed(chat: Chat) -> None:
    write(chat, lambda tx: kept.put(tx.db, "name", value="Chess"))

    async def follows() -> bool:
        return bool((await told(chat))["name"] == "Chess")

    await until_true(follows)

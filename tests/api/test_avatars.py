"""Pictures of users: taken in as they come, given out small and clean."""

import io
import struct
import zlib
from typing import Any

import pytest
from aiohttp import FormData
from PIL import Image

from chatd.pictures import MAX_SIDE
from chatd.services.avatars import KEEP
from tests.support import Chat, Person, error_of


def picture(form: str, size: tuple[int, int] = (900, 300), **options: Any) -> bytes:
    """Return a picture, red on the left and blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


async def upload(person: Person, content: bytes, name: str = "me.png") -> dict[str, str]:
    """Upload a picture and return the answer."""
    async with await person.request("POST", "/files/upload/avatar", data=form_of(content, name)) as response:
        assert response.status == 200, await response.text()
        answer: dict[str, str] = await response.json()
        return answer


def form_of(content: bytes, name: str = "me.png") -> FormData:
    """Return a form with a file in it."""
    form = FormData()
    form.add_field("ignored", "text")
    form.add_field("file", io.BytesIO(content), filename=name, content_type="image/png")
    return form


async def fetch(chat: Chat, url: str) -> Image.Image:
    """Return a stored picture, fetched without a token."""
    async with chat.client.get(url) as response:
        assert response.status == 200
        assert response.content_type == "image/webp"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in response.headers["Cache-Control"]
        return Image.open(io.BytesIO(await response.read()))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
async def test_a_picture_comes_back_small_under_the_url_of_the_answer(chat: Chat, form: str) -> None:
    alice = await chat.person("alice")
    answer = await upload(alice, picture(form), name="evil.html")
    assert answer["url"] == f"/files/avatars/{answer['filename']}"
    image = await fetch(chat, answer["url"])
    assert image.size == (MAX_SIDE, 171)
    left, right = image.convert("RGB").getpixel((10, 80)), image.convert("RGB").getpixel((500, 80))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200 > 50 > left[2]
    assert right[2] > 200 > 50 > right[0]


async def test_a_small_picture_keeps_its_size(chat: Chat) -> None:
    alice = await chat.person("alice")
    assert (await fetch(chat, (await upload(alice, picture("PNG", (40, 30))))["url"])).size == (40, 30)


async def test_the_url_can_be_chosen_as_avatar(chat: Chat) -> None:
    alice = await chat.person("alice")
    url = (await upload(alice, picture("PNG")))["url"]
    async with await alice.request("PUT", "/users/me", json={"avatar_path": url}) as response:
        assert (await response.json())["avatar_path"] == url


async def test_metadata_is_dropped_and_the_picture_stands_upright(chat: Chat) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: the camera was turned
    exif[0x010E] = "taken at home"
    alice = await chat.person("alice")
    url = (await upload(alice, picture("JPEG", exif=exif)))["url"]
    image = await fetch(chat, url)
    assert image.size == (171, MAX_SIDE)
    assert not image.getexif()
    async with chat.client.get(url) as response:
        assert b"taken at home" not in await response.read()


def bomb(width: int, height: int) -> bytes:
    """Return a PNG that says it has that many pixels, and is a few hundred bytes long."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        picture("PNG")[:200],
        picture("JPEG")[:300],
        picture("BMP"),
        picture("TIFF"),
        bomb(50_000, 50_000),
        bomb(100, 100),
    ],
    ids=["empty", "svg", "cut png", "cut jpeg", "bmp", "tiff", "bomb", "too few pixels"],
)
async def test_what_is_no_picture_is_refused(chat: Chat, content: bytes) -> None:
    alice = await chat.person("alice")
    async with await alice.request("POST", "/files/upload/avatar", data=form_of(content)) as response:
        assert await error_of(response) == (400, "unsupported_image")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_file_over_two_megabytes_is_refused(chat: Chat, chunked: bool) -> None:
    alice = await chat.person("alice")
    form = form_of(bytes(2 * 1024 * 1024 + 1))
    options = {"chunked": True} if chunked else {}
    async with await alice.request("POST", "/files/upload/avatar", data=form, **options) as response:
        assert await error_of(response) == (413, "too_large")


async def test_uploading_needs_a_token(chat: Chat) -> None:
    assert await chat.error("POST", "/files/upload/avatar", data=form_of(picture("PNG"))) == (401, "not_authenticated")


@pytest.mark.parametrize("filename", ["0" * 32 + ".webp", "nothing", "..%2F..%2Fsigning.key", "%00"])
async def test_an_unknown_picture_is_not_found(chat: Chat, filename: str) -> None:
    status, code = await chat.error("GET", f"/files/avatars/{filename}")
    assert (status, code) in {(404, "avatar_not_found"), (422, "validation_error")}


async def test_of_pictures_never_chosen_only_the_newest_are_kept(chat: Chat) -> None:
    alice = await chat.person("alice")
    chosen = (await upload(alice, picture("PNG")))["url"]
    async with await alice.request("PUT", "/users/me", json={"avatar_path": chosen}):
        pass
    urls = [(await upload(alice, picture("PNG", (10, 10))))["url"] for _ in range(KEEP + 2)]
    await fetch(chat, chosen)
    assert (await chat.error("GET", urls[0])) == (404, "avatar_not_found")
    for url in urls[-KEEP:]:
        await fetch(chat, url)

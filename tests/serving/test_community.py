"""What the community is called and looks like."""

import gzip
import io
import json
import re
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from PIL import Image

from chatd.errors import ConfigurationError
from chatd.serve import Server
from tests.conftest import Start
from tests.serving.support import NAVIGATION, StartWeb, ask
from tests.support import settings


def picture(path: Path, kind: str = "PNG") -> Path:
    """Write a picture of 600 by 400 and return its path."""
    Image.new("RGB", (600, 400), "teal").save(path, kind)
    return path


async def text_of(response: ClientResponse) -> str:
    """Return the text of an answer, unpacked."""
    content = await response.read()
    return (gzip.decompress(content) if response.headers.get("Content-Encoding") == "gzip" else content).decode()


@pytest.mark.parametrize("name", ["Chess club", "棋社", 'Rook & "Pawn" <3', "Łódź 10"])
async def test_the_name_is_told_to_the_client_and_in_the_page_and_the_manifest(start_web: StartWeb, name: str) -> None:
    chat = await start_web(web={"name": name})
    async with ask(chat, "/config.json") as response:
        told = await response.json()
        assert (told["name"], told["picture"], told["help"]) == (name, "", "")
    for coding in ("", "gzip", "br"):
        async with ask(chat, "/login", accept=NAVIGATION, accept_encoding=coding) as response:
            title = re.search("<title>(.*)</title>", await text_of(response))
            assert title is not None
            assert not re.search('[<>"]', title[1])
            assert response.headers["ETag"]
        async with ask(chat, "/manifest.webmanifest", accept_encoding=coding) as response:
            manifest = json.loads(await text_of(response))
            assert (manifest["name"], manifest["short_name"]) == (name, name)


async def test_without_a_name_the_built_files_are_served_as_they_are(start_web: StartWeb) -> None:
    chat = await start_web()
    async with ask(chat, "/config.json") as response:
        assert (await response.json())["name"] == "chatd"
    async with ask(chat, "/login", accept=NAVIGATION) as response:
        assert "<title>chatd</title>" in await response.text()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_the_picture_is_decoded_anew_and_kept_by_browsers(start: Start, tmp_path: Path, kind: str) -> None:
    chat = await start(web={"picture": str(picture(tmp_path / "picture", kind))})
    async with ask(chat, "/config.json") as response:
        address = (await response.json())["picture"]
    async with ask(chat, address) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "image/webp"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        with Image.open(io.BytesIO(await response.read())) as image:
            assert image.format == "WEBP"
            assert image.width == 512


async def test_a_picture_that_is_none_ends_the_start_with_one_line(tmp_path: Path) -> None:
    text = tmp_path / "picture.svg"
    text.write_text("<svg/>")
    for path, reason in ((text, "JPEG, PNG"), (tmp_path / "nothing", "cannot read"), (tmp_path, "cannot read")):
        with pytest.raises(ConfigurationError, match=rf"^\[web\] picture: .*{reason}"):
            await Server(settings(tmp_path / "data", web={"picture": str(path)})).start()


async def test_whom_to_ask_is_told_before_anybody_signs_in(start: Start) -> None:
    chat = await start(accounts={"help": "Ask Ada, ada@example.org."})
    async with ask(chat, "/config.json") as response:
        assert (await response.json())["help"] == "Ask Ada, ada@example.org."

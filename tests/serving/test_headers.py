"""What the answers tell a browser to allow."""

import base64
import hashlib
import io
from pathlib import Path

import pytest
from aiohttp import FormData
from PIL import Image

from tests.serving.support import CLIENT_PAGES, NAVIGATION, StartWeb, ask
from tests.support import Chat

FILES = [
    "/index.html",
    "/sw.js",
    "/manifest.webmanifest",
    "/icons/icon-192.png",
    "/config.json",
]


def policy(value: str) -> dict[str, list[str]]:
    """Return the directives of a Content-Security-Policy."""
    directives = (directive.split() for directive in value.split(";"))
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize("address", CLIENT_PAGES + FILES)
async def test_all_of_the_web_client_is_under_one_strict_policy(chat: Chat, address: str) -> None:
    async with ask(chat, address, accept=NAVIGATION) as response:
        assert response.status == 200
        headers, tag = response.headers, response.headers["ETag"]
    async with ask(chat, address, accept=NAVIGATION, if_none_match=tag) as response:
        assert response.status == 304
        assert response.headers["Content-Security-Policy"] == headers["Content-Security-Policy"]
    assert policy(headers["Content-Security-Policy"]) == {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["vue", "chatd"],
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    for feature in ("camera", "microphone", "geolocation", "payment", "usb"):
        assert f"{feature}=()" in headers["Permissions-Policy"]


async def test_what_a_page_is_made_of_has_no_headers_for_pages(chat: Chat) -> None:
    for address in ("/assets/index-B2f3.js", "/assets/index-9aZ_.css", "/assets/inter-D00d.woff2"):
        async with ask(chat, address) as response:
            assert response.status == 200
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            for name in ("Content-Security-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy"):
                assert name not in response.headers, address


async def test_what_stands_in_the_page_itself_is_allowed_by_its_hash_alone(start_web: StartWeb, tmp_path: Path) -> None:
    style, script = "p{}", "\n  document.title = 'é'\n"
    page = f"<style>{style}</style><script>{script}</script><script src='/x.js'></script><style>a{{}}</style>"
    (tmp_path / "index.html").write_text(page, "utf-8")
    (tmp_path / "x.js").write_text("1")
    chat = await start_web(static=tmp_path)
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (script, style, "a{}")
    ]
    for address in ("/", "/messages", "/nowhere", "/index.html"):
        async with ask(chat, address, accept=NAVIGATION) as response:
            directives = policy(response.headers["Content-Security-Policy"])
            assert directives["script-src"] == ["'self'", hashes[0]]
            assert directives["style-src"] == ["'self'", *hashes[1:]]
    async with ask(chat, "/x.js") as response:
        assert policy(response.headers["Content-Security-Policy"])["script-src"] == ["'self'"]


async def test_answers_of_the_api_are_taken_for_what_they_say_they_are(chat: Chat) -> None:
    alice = await chat.person("alice")
    for address in ("/auth/me", "/nothing", "/messages/ws", "/health", "/openapi.json", "/messages?user=1"):
        async with await alice.request("GET", address) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff", address
            assert response.headers["Referrer-Policy"] == "no-referrer", address
            assert "Content-Security-Policy" not in response.headers


async def test_a_picture_somebody_uploaded_can_run_nothing_when_it_is_opened(chat: Chat) -> None:
    alice = await chat.person("alice")
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    form = FormData()
    form.add_field("file", content.getvalue(), filename="picture.png")
    async with await alice.request("POST", "/files/upload/avatar", data=form) as response:
        url = (await response.json())["url"]
    async with ask(chat, url, accept=NAVIGATION) as response:
        assert policy(response.headers["Content-Security-Policy"]) == {"default-src": ["'none'"], "sandbox": []}
        assert response.headers["X-Content-Type-Options"] == "nosniff"

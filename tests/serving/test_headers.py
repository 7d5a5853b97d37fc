"""What the answers tell a browser to allow."""

import io

import pytest
from aiohttp import FormData
from PIL import Image

from tests.serving.support import CLIENT_PAGES, NAVIGATION, ask
from tests.support import Chat

FILES = [
    "/index.html",
    "/sw.js",
    "/manifest.webmanifest",
    "/assets/index-B2f3.js",
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

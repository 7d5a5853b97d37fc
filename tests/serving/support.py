"""What the tests of the web client's serving share."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from aiohttp import ClientResponse
from yarl import URL

from tests.support import Chat

StartWeb = Callable[..., Awaitable[Chat]]

#: A built client. What is compressed here is not: nothing unpacks it.
BUILT = {
    "index.html": b"<!doctype html><title>chatd</title>",
    "index.html.br": b"page in brotli",
    "index.html.gz": b"page in gzip",
    "sw.js": b"self.addEventListener('install', () => {})",
    "manifest.webmanifest": b"{}",
    "favicon.svg": b"<svg/>",
    "icons/icon-192.png": b"\x89PNG",
    "robots.txt": b"User-agent: *",
    "assets/index-B2f3.js": b"console.log('a chat')",
    "assets/index-B2f3.js.br": b"script in brotli",
    "assets/index-B2f3.js.gz": b"script in gzip",
    "assets/index-9aZ_.css": b"body{}",
    "assets/index-9aZ_.css.gz": b"style in gzip",
    "assets/_id_-C0ff.js": b"export default {}",
    "assets/inter-D00d.woff2": b"wOF2",
    "assets/notes-C0de.unknown": b"?",
    ".built-from": b"0123",
    ".vite/manifest.json": b"{}",
}

#: What Chromium and Firefox send when a person opens an address.
NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

CLIENT_PAGES = [
    *("/", "/login", "/register", "/settings", "/settings/profile", "/settings/privacy"),
    *("/messages", "/messages/1", "/messages/9007199254740991"),
]
CLIENT_PAGES += ["/people/1", "/people/9007199254740991", "/join/code"]


def ask(chat: Chat, address: str, method: str = "GET", **headers: str) -> AbstractAsyncContextManager[ClientResponse]:
    """Send a request with these headers and no others that choose an answer: ``accept_encoding="gzip"``.

    The address goes out as it is written.
    """
    url = URL(str(chat.client.make_url("/")).rstrip("/") + address, encoded=True)
    options: dict[str, Any] = {"skip_auto_headers": ["Accept", "Accept-Encoding"], "allow_redirects": False}
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return chat.client.session.request(method, url, headers=named, **options)


def items(value: str | None) -> set[str]:
    """Return the items of a header's list."""
    return {item.strip() for item in (value or "").split(",") if item.strip()}

"""What the tests of the web client's serving share."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from aiohttp import ClientResponse
from yarl import URL

from tests.support import Chat

#: What Chromium and Firefox send when a person opens an address.
NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

CLIENT_PAGES = ["/", "/login", "/register", "/settings", "/messages", "/messages/1", "/messages/9007199254740991"]


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

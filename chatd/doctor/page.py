"""Checks what a browser finds at the address that people use, and what strangers must not find."""

import re
from html import unescape

import aiohttp
from yarl import URL

from chatd.doctor.findings import Finding, change, good

#: The files that a page loads.
_LOADED = re.compile(r"""<(?:script|link)\b[^>]*?\s(?:src|href)=["']([^"']+)["']""", re.IGNORECASE)

#: How much of an answer is read, in bytes: more than any page of the web client has.
_MOST = 256 * 1024


async def assets(http: aiohttp.ClientSession, url: URL) -> Finding:
    """Check that the web client's page arrives with everything it loads."""
    about = "web client"
    start = url / ""
    status, kind, text = await _get(http, start, "text/html")
    if status != 200 or kind != "text/html":
        return change(about, f"{start} answers {status} ({kind}) and not with the page: have the proxy pass it on")
    found = [start.join(URL(unescape(each), encoded=True)) for each in _LOADED.findall(text)]
    own = [each for each in found if each.origin() == url.origin()]
    for address in own:
        status, kind, _ = await _get(http, address, "*/*")
        if status != 200 or kind == "text/html":
            what = f"{status}" if status != 200 else "with a page instead"
            return change(about, f"{start} loads {address}, which is answered {what}: {_advice(url)}")
    if not own:
        return change(about, f"{start} does not answer with chatd's page: have the proxy pass it on")
    return good(about, f"the page arrives with all of its {len(own)} files")


def _advice(url: URL) -> str:
    if url.path not in ("", "/"):
        return f"chatd needs a host of its own, such as chat.{url.host}, and cannot live below {url.path}"
    return "have the proxy pass every path on to chatd"


async def metrics(http: aiohttp.ClientSession, url: URL) -> Finding:
    """Check that strangers cannot read the metrics."""
    about = "metrics"
    address = url / "metrics"
    status, _, text = await _get(http, address, "text/plain")
    if status == 200 and "chatd_build_info" in text:
        return change(
            about,
            f"anyone can read them at {address}: set [metrics] token, or have the proxy pass on [server] port alone",
        )
    return good(about, "strangers cannot read them")


async def _get(http: aiohttp.ClientSession, url: URL, accepted: str) -> tuple[int, str, str]:
    """Return the status, the media type and the beginning of an answer."""
    async with http.get(url, ssl=False, headers={"Accept": accepted}, allow_redirects=False) as response:
        content = await response.content.read(_MOST)
        return response.status, response.content_type, content.decode("utf-8", "replace")

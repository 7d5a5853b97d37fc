"""Checks the way to the address that people use: its certificate, its redirects, and that it leads to chatd."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator

import aiohttp
from yarl import URL

from chatd.config import Config
from chatd.doctor import page, public
from chatd.doctor.address import TIMEOUT, health, local_urls, reason, session
from chatd.doctor.findings import Finding, change, good
from chatd.http.proxies import is_loopback

#: How many days before its end a certificate should have been renewed.
RENEWED = 14

#: The statuses of redirects.
_REDIRECT = (301, 302, 303, 307, 308)

#: The most redirects to follow: a browser gives up after twenty.
_REDIRECTS = 10


async def look(config: Config, url: URL) -> AsyncIterator[Finding]:
    """Check the way through ``url``, from its certificate to chatd."""
    try:
        yield await _certificate(url)
        async with session() as http:
            arrival = await _arrival(http, config, url)
            yield arrival
            if not arrival.ok:
                return
            if config.web.enabled:
                yield await page.assets(http, url)
            yield await page.metrics(http, url)
            async for finding in public.look(http, config, url):
                yield finding
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        yield change("way", f"{url} cannot be reached: {reason(error)}")


async def _arrival(http: aiohttp.ClientSession, config: Config, url: URL) -> Finding:
    about = "way"
    status, answer = await health(http, url)
    if answer is not None:
        return good(about, f"{url} leads to chatd")
    if status in _REDIRECT:
        return change(about, await _redirect(http, url, status))
    local = local_urls(config)[0]
    return change(about, f"{url} answers {status}, and not as chatd: have it pass everything on to {local}")


async def _redirect(http: aiohttp.ClientSession, url: URL, status: int) -> str:
    """Return what to do about an address that redirects, wherever it leads."""
    way = [url / "health"]
    for _ in range(_REDIRECTS):
        async with http.get(way[-1], ssl=False, allow_redirects=False) as response:
            location = response.headers.get("Location")
        if response.status not in _REDIRECT or location is None:
            break
        try:
            target = way[-1].join(URL(location))
        except ValueError:
            return f"{way[-1]} redirects to {location!r}, which is not an address: see the proxy's log"
        if target in way:
            return (
                f"{url} redirects in a circle, by {target}: let only one proxy redirect to https, and let one "
                "behind it learn from X-Forwarded-Proto that the client uses https already"
            )
        if target.scheme not in ("http", "https") or not target.host:
            break
        way.append(target)
        before = target.with_path(target.path.removesuffix("health")).with_query(None)
        _, answer = await health(http, before)
        if answer is not None:
            return f"{url} answers {status} and sends people to {before}, where chatd is: use that as --url"
    return f"{url} answers {status} and sends people to {way[-1]}: have it pass everything on to chatd instead"


async def _certificate(url: URL) -> Finding:
    about = "TLS"
    if url.scheme != "https":
        if is_loopback(url.host or ""):
            return good(about, "not needed on this machine's own address")
        return change(about, f"{url} has none: use an https:// address, or passwords can be read on their way")
    context = ssl.create_default_context()
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        return change(about, f"browsers will refuse the certificate: {error.verify_message}")
    certificate = writer.get_extra_info("peercert")
    writer.close()
    days = (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / 86400
    if days < RENEWED:
        return change(about, f"the certificate ends in {days:.1f} days: renew it, and see why that did not happen")
    return good(about, f"the certificate is good for {days:.0f} days")

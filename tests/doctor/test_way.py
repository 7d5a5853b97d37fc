"""What the doctor says of the way to the address that people use: where it leads, and what a browser gets there."""

import asyncio
import datetime as dt
import ssl
from pathlib import Path

import pytest
import trustme
from yarl import URL

from tests.doctor.reverse_proxy import ReverseProxy
from tests.doctor.support import Patient, through
from tests.ports import free_port


@pytest.mark.parametrize(
    ("days", "advice"),
    [(400, None), (5, "renew it"), (-1, "certificate has expired"), (None, "unable to get local issuer")],
)
async def test_a_certificate_is_looked_at(
    patient: Patient, tmp_path: Path, days: int | None, advice: str | None
) -> None:
    authority = trustme.CA()
    end = None if days is None else dt.datetime.now(dt.UTC) + dt.timedelta(days=days, hours=1)
    certificate = authority.issue_cert("127.0.0.1", not_after=end)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    trusted = tmp_path / "ca.pem"
    (authority if days is not None else trustme.CA()).cert_pem.write_to_path(str(trusted))
    proxies = {"CHATD_SERVER_TRUSTED_PROXIES": "127.0.0.1"}
    with patient.serve(**proxies):
        async with ReverseProxy(patient.url).running(context) as url:
            said = await asyncio.to_thread(patient.wrong, "--url", url, SSL_CERT_FILE=str(trusted), **proxies)
    assert set(said) == ({"TLS"} if advice else set())
    assert advice is None or advice in said["TLS"]


async def test_an_address_that_nobody_answers_at_is_said(served: Patient) -> None:
    said = await asyncio.to_thread(served.wrong, "--url", "http://127.0.0.1:9")
    assert said == {"way": "http://127.0.0.1:9 cannot be reached: Connection refused"}


async def test_a_path_below_which_the_web_client_cannot_live_is_said(served: Patient) -> None:
    async with ReverseProxy(served.url, below="/chat").running() as url:
        said = await asyncio.to_thread(served.wrong, "--url", f"{url}/chat")
        assert set(said) == {"web client"}
        assert f"{url}/chat/ loads {url}/" in said["web client"]
        assert "which is answered 404: chatd needs a host of its own, such as chat.127.0.0.1" in said["web client"]
        assert await asyncio.to_thread(served.wrong, "--url", f"{url}/chat", CHATD_WEB_ENABLED="false") == {}


async def test_a_server_without_its_web_client_has_no_page_to_look_at(patient: Patient) -> None:
    with patient.serve(CHATD_WEB_ENABLED="false"):
        said = await asyncio.to_thread(patient.wrong, "--url", str(patient.url))
    assert said["web client"].startswith(f"{patient.url} answers 404")


async def test_redirects_are_followed_to_where_they_lead(served: Patient) -> None:
    for location, expected in (
        ("/health", "redirects in a circle, by "),
        ("/health?again", "redirects in a circle, by "),
        (f"{served.url}/health", f"sends people to {served.url}/, where chatd is: use that as --url"),
        (f"{served.url}/login", f"sends people to {served.url}/login: have it pass everything on to chatd instead"),
        ("mailto:alice@example.org", "have it pass everything on to chatd instead"),
        ("http://[", "which is not an address"),
        ("", "redirects in a circle"),
    ):
        said = await through(served, location=location)
        assert set(said) == {"way"}
        assert expected in said["way"], (location, said)


async def test_an_address_without_the_tls_it_should_have_is_said_in_words(served: Patient) -> None:
    said = await asyncio.to_thread(served.wrong, "--url", f"https://127.0.0.1:{served.port}")
    assert list(said) == ["way"]
    assert said["way"].startswith(f"https://127.0.0.1:{served.port} cannot be reached: TLS does not work there (")


async def test_metrics_that_strangers_read_are_found(patient: Patient) -> None:
    port = free_port()
    with patient.serve(CHATD_METRICS_PORT=str(port)):
        async with ReverseProxy(patient.url, also={"/metrics": URL(f"http://127.0.0.1:{port}")}).running() as url:
            said = await asyncio.to_thread(patient.wrong, "--url", url)
    assert set(said) == {"metrics"}
    assert said["metrics"].startswith(f"anyone can read them at {url}/metrics: set [metrics] token")

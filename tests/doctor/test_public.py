"""What the doctor says of a proxy that lets some things through and others not."""

import asyncio
from typing import Any

import pytest

from chatd.doctor.public import SPOOFED, judge_address
from tests.doctor.reverse_proxy import ReverseProxy
from tests.doctor.support import CLOCK, Patient, through
from tests.process import chatd


async def test_a_proxy_that_is_set_up_well_has_nothing_to_change(served: Patient) -> None:
    async with ReverseProxy(served.url).running() as url:
        found = await asyncio.to_thread(served.ask, "--url", url)
    assert list(found)[9:] == [
        "TLS", "way", "web client", "metrics", "origin", "foreign origin", "socket", "authorization", "client address",
    ]  # fmt: skip
    assert {about for about, (verdict, _) in found.items() if verdict != "ok"} <= {CLOCK}


@pytest.mark.parametrize(
    ("wrong", "about", "advice"),
    [
        ({"answer": 502}, "way", "have it pass everything on to http://127.0.0.1:"),
        ({"host": False}, "origin", "nginx: proxy_set_header Host $http_host), or set [server] origins = ["),
        (
            {"port": False},
            "origin",
            "as the Host header comes without the port: have the proxy pass it on as it is (nginx: "
            "proxy_set_header Host $http_host, as $host has no port)",
        ),
        ({"below": "/chat"}, "way", "answers 404, and not as chatd"),
        ({"upgrade": False}, "socket", "proxy_set_header Upgrade $http_upgrade"),
        ({"protocol": False}, "socket", "pass the Sec-WebSocket-Protocol header on"),
        ({"without": ("authorization",)}, "authorization", "pass the Authorization header on"),
        ({"without": ("origin",)}, "foreign origin", "pass the Origin header on as it is"),
        ({"source": "127.0.0.9"}, "client address", 'set [server] trusted_proxies = ["127.0.0.9"]'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_what_a_proxy_does_wrong_is_said(served: Patient, wrong: dict[str, Any], about: str, advice: str) -> None:
    said = await through(served, **wrong)
    assert advice in said[about]
    if about != "socket":
        assert set(said) == {about}


@pytest.mark.parametrize(("forwarded_for", "advice"), [("none", "send X-Forwarded-For"), ("add", None)])
async def test_a_trusted_proxy_has_to_say_whom_it_speaks_for(
    patient: Patient, forwarded_for: str, advice: str | None
) -> None:
    trusted = {"CHATD_SERVER_TRUSTED_PROXIES": "127.0.0.9"}
    with patient.serve(**trusted):
        async with ReverseProxy(patient.url, source="127.0.0.9", forwarded_for=forwarded_for).running() as url:
            said = await asyncio.to_thread(patient.wrong, "--url", url, **trusted)
    assert (advice is None) == (said == {})
    assert advice is None or advice in said["client address"]


async def test_a_proxy_that_believes_its_clients_is_found_out(patient: Patient) -> None:
    trusted = {"CHATD_SERVER_TRUSTED_PROXIES": "127.0.0.9"}
    with patient.serve(**trusted):
        async with ReverseProxy(patient.url, source="127.0.0.9", forwarded_for="pass").running() as url:
            said = await asyncio.to_thread(patient.wrong, "--url", url, **trusted)
    assert set(said) == {"client address"}
    assert "whoever sends X-Forwarded-For is believed" in said["client address"]


@pytest.mark.parametrize(
    ("seen", "ours", "trusted", "proxied", "advice"),
    [
        ("198.51.100.7", "198.51.100.7", ["127.0.0.1"], True, None),
        ("203.0.113.9", "10.0.0.5", ["127.0.0.1"], True, None),  # behind a router
        ("127.0.0.1", "198.51.100.7", [], True, 'trusted_proxies = ["127.0.0.1"]'),
        ("127.0.0.1", "127.0.0.1", [], True, 'trusted_proxies = ["127.0.0.1"]'),
        ("172.18.0.1", "8.8.4.4", [], False, 'trusted_proxies = ["172.18.0.1"]'),  # a proxy in a container
        ("127.0.0.1", "198.51.100.7", ["127.0.0.1"], True, "have the proxy send X-Forwarded-For"),
        (SPOOFED, "198.51.100.7", ["127.0.0.1"], True, "whoever sends X-Forwarded-For is believed"),
        (SPOOFED, "127.0.0.1", ["127.0.0.1"], True, None),
    ],
)
def test_whom_chatd_sees_says_what_is_to_be_trusted(
    seen: str, ours: str, trusted: list[str], proxied: bool, advice: str | None
) -> None:
    found = judge_address(seen, ours, trusted, proxied=proxied)
    assert found.ok == (advice is None), found.text
    assert advice is None or advice in found.text


@pytest.mark.parametrize(("idle", "advice"), [(None, None), (0.4, "wait for more than twice the heartbeat, 1.6 s")])
async def test_a_proxy_that_gives_up_on_silent_sockets_before_a_heartbeat_is_found_out(
    patient: Patient, idle: float | None, advice: str | None
) -> None:
    token = chatd(patient.data_dir, "user", "add", "probe", "--bot").stdout.split()[2]
    beat = {"CHATD_SERVER_HEARTBEAT_SECONDS": "0.8"}
    with patient.serve(**beat):
        async with ReverseProxy(patient.url, idle=idle).running() as url:
            arguments = ["--url", url, "--idle", "2", "--token-stdin"]
            found = await asyncio.to_thread(patient.ask, *arguments, stdin=token, **beat)
            refused = await asyncio.to_thread(patient.ask, *arguments, stdin="no-token", **beat)
    verdict, text = found["idle timeout"]
    assert verdict == ("ok" if advice is None else "change")
    assert (advice or "keeps a silent socket open") in text
    assert refused["idle timeout"] == (
        "change",
        "chatd refused the token (4002): make one with chatd user add NAME --bot",
    )

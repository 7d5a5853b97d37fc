"""Who may read the metrics, where, and in which format."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.conftest import Start
from tests.metrics.support import Measured, get, measured, scrape
from tests.ports import free_port
from tests.process import ServerProcess, chatd
from tests.support import Chat, error_of

TOKEN = "0123456789abcdef"


async def test_by_default_nobody_may_read_them(chat: Chat) -> None:
    assert await chat.error("GET", "/metrics") == (404, "not_found")


def test_a_server_without_metrics_does_not_load_their_library() -> None:
    load = "import sys, chatd.serve; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", load], check=True, capture_output=True, text=True)
    loaded = done.stdout.split()
    assert "chatd.app" in loaded
    assert [name for name in loaded if name.startswith(("prometheus_client", "chatd.metrics"))] == []


async def test_a_listener_of_their_own_has_them_and_nothing_else(server: Measured) -> None:
    assert "chatd_users_online" in await server.scrape()
    for path in ("/", "/health", "/auth/me", "/messages/ws", "/openapi.json", "/metrics/x"):
        assert (await get(server.url + path))[0] == 404
    assert await server.chat.error("GET", "/metrics") == (404, "not_found")


async def test_with_a_token_the_public_listener_has_them_for_who_bears_it(start: Start) -> None:
    chat = await start(metrics={"token": TOKEN})
    assert "chatd_users_online" in await scrape(chat.server.url, TOKEN)
    alice = await chat.person("alice")
    for header in (None, "", "Bearer", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}0", f"Basic {TOKEN}", TOKEN):
        headers = {} if header is None else {"Authorization": header}
        async with chat.client.get("/metrics", headers=headers) as response:
            assert await error_of(response) == (401, "not_authenticated")
            assert response.headers["WWW-Authenticate"] == "Bearer"
    for token in (alice.token, TOKEN.upper(), "é" * 16):
        assert (await get(f"{chat.server.url}/metrics", token))[0] == 401
    assert (await get(f"{chat.server.url}/metrics?token={TOKEN}"))[0] == 401
    assert (await get(f"{chat.server.url}/auth/me", TOKEN))[0] == 401


async def test_with_a_token_their_own_listener_asks_for_it_too(start: Start) -> None:
    server = await measured(start, metrics={"token": TOKEN})
    assert (await get(f"{server.url}/metrics"))[0] == 401
    for url in (server.url, server.chat.server.url):
        assert "chatd_users_online" in await scrape(url, TOKEN)


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "text/plain;version=0.0.4", "text/plain; version=abc", "text/html, ;;,", "application/json", "\xe9"],
)
async def test_whatever_a_client_accepts_the_answer_is_text(server: Measured, accept: str) -> None:
    status, media_type, text = await get(f"{server.url}/metrics", Accept=accept)
    assert (status, media_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert text.startswith("# HELP ")


@pytest.mark.parametrize("version", ["", "; version=1.0.0", ";version=a.b;q=0.5,text/plain"])
async def test_who_accepts_openmetrics_gets_it(server: Measured, version: str) -> None:
    status, media_type, text = await get(f"{server.url}/metrics", Accept=f"application/openmetrics-text{version}")
    assert (status, media_type) == (200, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    names = {sample.name for family in families for sample in family.samples}
    assert names == (await server.scrape()).names


@pytest.mark.parametrize("token", ["short", "0123456789abcde", "0123456789 abcdef", "0123456789abcdéf", " " * 16])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused_and_not_repeated(tmp_path: Path, token: str) -> None:
    done = chatd(tmp_path / "data", "config", CHATD_METRICS_TOKEN=token)
    assert done.returncode == 1
    assert done.stderr == (
        "chatd: CHATD_METRICS_TOKEN: must be at least 16 visible ASCII characters, "
        "such as those of `openssl rand -hex 32`\n"
    )


def test_the_settings_are_shown_without_the_token(tmp_path: Path) -> None:
    shown = chatd(tmp_path / "data", "config", CHATD_METRICS_TOKEN=TOKEN).stdout
    assert 'token = "***"  # CHATD_METRICS_TOKEN' in shown
    assert TOKEN not in shown
    assert 'token = ""  # default' in chatd(tmp_path / "data", "config").stdout


async def test_a_served_process_says_where_they_are_and_describes_itself(tmp_path: Path) -> None:
    began = time.time()
    variables = {"CHATD_METRICS_PORT": str(free_port()), "CHATD_METRICS_TOKEN": TOKEN, "CHATD_LOG_LEVEL": "debug"}
    with ServerProcess(tmp_path / "data", **variables) as process:
        (opened,) = [entry for entry in process.entries if entry.get("event") == "metrics_open"]
        assert opened["url"] == f"http://127.0.0.1:{variables['CHATD_METRICS_PORT']}"
        assert (await get(f"{opened['url']}/metrics", TOKEN[::-1]))[0] == 401
        found = await scrape(opened["url"], TOKEN)
        assert began - 60 < found["process_start_time_seconds"] < time.time() + 60
        assert found["process_resident_memory_bytes"] > 10_000_000
        assert 5 < found["process_open_fds"] < found["process_max_fds"]
        assert found["process_cpu_seconds_total"] > 0
        assert process.stop() == 0
    assert "GET /metrics" in process.log
    assert TOKEN not in process.log
    assert TOKEN[::-1] not in process.log


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    port = str(free_port())
    with ServerProcess(tmp_path / "first", CHATD_METRICS_PORT=port):
        done = chatd(tmp_path / "second", "serve", "--port", "0", CHATD_METRICS_PORT=port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"chatd: cannot listen on 127.0.0.1 port {port}: ")
    assert "Address already in use" in done.stderr
    assert done.stderr.count("\n") == 1

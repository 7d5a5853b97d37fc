"""Pages of other origins."""

from typing import Any

import pytest
from aiohttp import ClientResponse

from chatd.api.routes import routes
from chatd.http.context import CONFIG
from tests.conftest import Start
from tests.support import Chat

OURS = "https://chat.example.org"
ALSO_OURS = "http://localhost:5173"
FOREIGN = [
    "https://evil.example",
    "http://chat.example.org",
    "https://chat.example.org:444",
    "https://chat.example.org.evil.example",
    "https://evil-chat.example.org",
    "https://example.org",
    "https://chat.example.org/",
    "null",
    "*",
    "",
]


@pytest.fixture
async def chat(start: Start) -> Chat:
    """A server that pages of two other origins may use."""
    return await start(server={"origins": [OURS, ALSO_OURS]})


def granted(response: ClientResponse) -> dict[str, str]:
    """Return the headers by which a browser lets a page read an answer."""
    prefix = "access-control-"
    headers = {name.lower(): value for name, value in response.headers.items()}
    return {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix)}


def items(value: str) -> set[str]:
    """Return the items of a header's list."""
    return {item.strip().lower() for item in value.split(",")}


def preflight(origin: str, method: str = "POST") -> dict[str, str]:
    """Return the headers of a browser's question before a request."""
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }


@pytest.mark.parametrize("origin", [OURS, ALSO_OURS])
async def test_a_preflight_of_a_configured_origin_is_granted_for_every_route(chat: Chat, origin: str) -> None:
    for route in routes(chat.server.app[CONFIG]):
        path = route.path.replace("{id}", "1")
        async with chat.client.options(path, headers=preflight(origin, route.method)) as response:
            assert response.status in (200, 204), path
            answer = granted(response)
        assert answer["allow-origin"] == origin
        assert route.method.lower() in items(answer["allow-methods"])
        assert {"authorization", "content-type"} <= items(answer["allow-headers"])
        depends = {"origin", "access-control-request-method", "access-control-request-headers"}
        assert items(response.headers["Vary"]) == depends


async def test_a_preflight_allows_the_headers_it_asks_for(chat: Chat) -> None:
    for asked in (
        "sentry-trace,baggage",
        "traceparent, tracestate",
        "X-Requested-With",
        "authorization",
        "chatd-any",
        ",".join(f"x-{number}" for number in range(40)),
    ):
        headers = {**preflight(OURS), "Access-Control-Request-Headers": asked}
        async with chat.client.options("/messages/send/1", headers=headers) as response:
            assert response.status == 204, asked
            allowed = items(granted(response)["allow-headers"])
        assert allowed == items(asked) | {"authorization", "content-type"}, asked


async def test_what_is_no_header_is_not_allowed(chat: Chat) -> None:
    for asked in ("", ",,", "a b", "a:b", "a;q=1", "*, (x)", "ä", "\xff", "x" * 200, "[", ",".join(["x y"] * 1000)):
        headers = {**preflight(OURS), "Access-Control-Request-Headers": asked}
        async with chat.client.options("/messages/send/1", headers=headers) as response:
            assert response.status == 204, asked
            assert items(granted(response)["allow-headers"]) <= {"authorization", "content-type", "*"}, asked
    headers = {**preflight(OURS), "Access-Control-Request-Headers": ",".join(f"x{number}" for number in range(1000))}
    async with chat.client.options("/messages/send/1", headers=headers) as response:
        assert len(response.headers["Access-Control-Allow-Headers"]) < 1000


async def test_an_origin_is_known_however_it_is_written(chat: Chat) -> None:
    for origin in ("HTTPS://CHAT.example.org", "https://chat.example.org:443"):
        async with chat.client.get("/health", headers={"Origin": origin}) as response:
            assert granted(response)["allow-origin"] == OURS, origin


async def test_a_preflight_of_a_foreign_origin_is_granted_nothing(chat: Chat) -> None:
    for origin in FOREIGN:
        async with chat.client.options("/auth/login", headers=preflight(origin)) as response:
            assert granted(response) == {}, origin


async def test_answers_and_errors_can_be_read_by_a_configured_origin(start: Start) -> None:
    chat = await start(server={"origins": [OURS]}, limits={"logins_per_minute": 1})
    alice = await chat.person("alice")
    headers = {"Origin": OURS}
    json = {**headers, "Content-Type": "application/json"}
    token = {**headers, "Authorization": f"Bearer {alice.token}"}
    requests: list[tuple[int, str, str, dict[str, Any]]] = [
        (200, "GET", "/health", {"headers": headers}),
        (200, "GET", "/auth/me", {"headers": token}),
        (400, "POST", "/auth/register", {"headers": json, "data": b"{"}),
        (401, "GET", "/auth/me", {"headers": headers}),
        (404, "GET", "/nothing", {"headers": headers}),
        (404, "GET", "/users/99", {"headers": token}),
        (405, "DELETE", "/auth/login", {"headers": headers}),
        (413, "POST", "/auth/register", {"headers": json, "data": b" " * 70_000}),
        (422, "POST", "/auth/register", {"headers": headers, "json": {}}),
        (429, "POST", "/auth/login", {"headers": headers, "data": {"username": "alice", "password": "x"}}),
        (204, "POST", "/auth/logout", {"headers": token}),
    ]
    for status, method, path, options in requests:
        async with chat.client.request(method, path, **options) as response:
            assert response.status == status, path
            answer = granted(response)
        assert answer["allow-origin"] == OURS, status
        assert {"chatd-epoch", "chatd-cursor", "retry-after"} <= items(answer["expose-headers"])
        assert "origin" in items(response.headers["Vary"])


async def test_a_foreign_origin_is_answered_but_cannot_read_it(chat: Chat) -> None:
    for origin in FOREIGN:
        async with chat.client.get("/health", headers={"Origin": origin}) as response:
            assert (response.status, granted(response)) == (200, {}), origin
            assert response.headers["Vary"] == "Origin"
        async with chat.client.get("/nothing", headers={"Origin": origin}) as response:
            assert (response.status, granted(response)) == (404, {}), origin


async def test_without_configured_origins_no_page_is_granted_anything(start: Start) -> None:
    chat = await start()
    for headers in (preflight(OURS), preflight(str(chat.client.make_url("/")).rstrip("/"))):
        async with chat.client.options("/auth/login", headers=headers) as response:
            assert granted(response) == {}
        async with chat.client.get("/health", headers=headers) as response:
            assert (response.status, granted(response)) == (200, {})

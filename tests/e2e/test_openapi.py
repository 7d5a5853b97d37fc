"""The API's description, held against the real program."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import schemathesis

from chatd.api.endpoint import STATUS, Route
from chatd.api.openapi import describe
from chatd.api.routes import routes
from chatd.config import Config
from tests.process import ServerProcess, client_of, environment
from tests.support import PASSWORD, register

ROUTES = routes(Config())
HERE = Path(__file__).parent

#: How many requests a route gets in each phase, at the most.
EXAMPLES = 15


@pytest.mark.timeout(300)
async def test_every_route_does_what_the_description_says(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            await alice.send(bob, "hello")
            await bob.send(alice, "hello yourself")
            await bob.post(f"/messages/read/{alice.id}")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", f"--config-file={HERE / 'schemathesis.toml'}", "run"),
                *("--max-examples", str(EXAMPLES), "--generation-deterministic", "--continue-on-failure"),
                *("--no-color", f"{server.url}/openapi.json"),
            ],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(
                tmp_path,
                SCHEMATHESIS_HOOKS="tests.e2e.schemathesis_hooks",
                PYTHONPATH=str(HERE.parent.parent),
                CHATD_TESTED=server.url,
                CHATD_TESTED_USER=bob.username,
                CHATD_TESTED_PASSWORD=PASSWORD,
            ),
            timeout=250,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        operations = len(ROUTES) + 1
        assert f"{operations} selected / {operations} total" in done.stdout
        assert "Traceback" not in server.log
        assert server.stop() == 0


def test_the_description_is_openapi_3_1() -> None:
    page = describe(ROUTES)
    assert page["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(page).validate()


def test_the_description_has_every_route_and_nothing_else() -> None:
    described = {(method.upper(), path) for path, methods in describe(ROUTES)["paths"].items() for method in methods}
    served = {(route.method, route.path) for route in ROUTES}
    assert described == served | {("GET", "/messages/ws"), ("GET", "/openapi.json")}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_the_description_of_a_route_has_every_status_it_may_answer(route: Route) -> None:
    expected = {route.status, 413, 503} | {STATUS[error] for error in route.errors}
    if not route.public:
        expected.add(401)
    if route.limited:
        expected.add(429)
    if route.body is not None:
        expected |= {400, 408, 415, 422}
    if route.query is not None or route.parameters is not None:
        expected.add(422)
    operation: dict[str, Any] = describe(ROUTES)["paths"][route.path][route.method.lower()]
    assert set(operation["responses"]) == {str(status) for status in expected}
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
    assert ("security" in operation) == (not route.public)

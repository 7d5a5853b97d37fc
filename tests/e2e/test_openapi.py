"""The API's description, held against the real program."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import schemathesis

from chatd.api.endpoint import Route
from chatd.api.openapi import describe
from chatd.api.refusals import STATUS
from chatd.api.routes import routes
from chatd.config import Config
from tests.conftest import Start
from tests.process import ServerProcess, client_of, environment
from tests.support import PASSWORD, register

ROUTES = routes(Config())
HERE = Path(__file__).parent

#: How many requests a route gets in each phase, at the most.
EXAMPLES = 8


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


#: What generated clients call the routes. A name that is out never changes: who uses it would have to.
NAMES = {
    "register": "POST /auth/register",
    "login": "POST /auth/login",
    "logout": "POST /auth/logout",
    "create_ticket": "POST /auth/tickets",
    "get_me": "GET /auth/me",
    "list_sessions": "GET /auth/sessions",
    "end_session": "DELETE /auth/sessions/{id}",
    "search_users": "GET /users/",
    "get_own_account": "GET /users/me",
    "update_profile": "PUT /users/me",
    "change_password": "POST /users/me/password",
    "delete_account": "DELETE /users/me",
    "export_account": "GET /users/me/export",
    "create_invite": "POST /invites",
    "list_accounts": "GET /admin/accounts",
    "disable_account": "POST /admin/accounts/{id}/disable",
    "enable_account": "POST /admin/accounts/{id}/enable",
    "get_community": "GET /admin/community",
    "change_community": "PATCH /admin/community",
    "set_community_picture": "PUT /admin/community/picture",
    "remove_community_picture": "DELETE /admin/community/picture",
    "list_blocks": "GET /users/me/blocks",
    "block_user": "PUT /users/{id}/block",
    "unblock_user": "DELETE /users/{id}/block",
    "get_user": "GET /users/{id}",
    "upload_avatar": "POST /files/upload/avatar",
    "get_avatar": "GET /files/avatars/{filename}",
    "list_private_conversations": "GET /messages/conversations",
    "get_history": "GET /messages/history/{id}",
    "send_message": "POST /messages/send/{id}",
    "mark_read": "POST /messages/read/{id}",
    "get_unread_count": "GET /messages/unread_count",
    "list_conversations": "GET /conversations",
    "list_messages": "GET /messages",
    "list_events": "GET /messages/events",
    "edit_message": "PATCH /messages/{id}",
    "delete_message": "DELETE /messages/{id}",
    "report_message": "POST /messages/{id}/report",
    "add_reaction": "PUT /messages/{id}/reactions/{emoji}",
    "remove_reaction": "DELETE /messages/{id}/reactions/{emoji}",
    "act_in_group": "POST /groups/{id}/actions",
    "list_actions": "GET /groups/{id}/actions",
    "list_removed_messages": "GET /groups/{id}/actions/{action}/messages",
    "undo_all": "POST /groups/{id}/actions/undo",
    "undo_action": "POST /groups/{id}/actions/{action}/undo",
    "end_action": "POST /groups/{id}/actions/{action}/end",
    "get_health": "GET /health",
    "open_socket": "GET /messages/ws",
    "get_openapi": "GET /openapi.json",
    "create_group": "POST /groups",
    "get_group": "GET /groups/{id}",
    "change_group": "PATCH /groups/{id}",
    "delete_group": "DELETE /groups/{id}",
    "list_members": "GET /groups/{id}/members",
    "set_role": "PUT /groups/{id}/members/{user}",
    "send_to_group": "POST /groups/{id}/messages",
    "mark_group_read": "POST /groups/{id}/read",
    "leave_group": "POST /groups/{id}/leave",
    "join_group": "POST /groups/{id}/join",
    "get_way_in": "GET /join/{code}",
    "join_by_code": "POST /join/{code}",
    "create_group_invite": "POST /groups/{id}/invites",
    "list_group_invites": "GET /groups/{id}/invites",
    "revoke_group_invite": "DELETE /groups/{id}/invites/{invite}",
    "invite_to_group": "POST /groups/{id}/invitations",
    "withdraw_invitation": "DELETE /groups/{id}/invitations/{user}",
    "list_invitations": "GET /invitations",
    "decline_invitation": "DELETE /invitations/{id}",
    "set_level": "PUT /groups/{id}/me",
    "get_unread": "GET /unread",
    "list_mentions": "GET /mentions",
    "list_readers": "GET /messages/{id}/readers",
    "list_group_reports": "GET /groups/{id}/reports",
    "resolve_group_report": "POST /groups/{id}/reports/{report}/resolve",
    "list_public_groups": "GET /groups",
    "pin_message": "PUT /messages/{id}/pin",
    "unpin_message": "DELETE /messages/{id}/pin",
    "list_join_requests": "GET /groups/{id}/requests",
    "list_reactors": "GET /messages/{id}/reactions/{emoji}",
    "decide_join_request": "POST /groups/{id}/requests/{user}",
}


def test_every_operation_has_a_name_that_stays_and_a_tag_that_is_explained() -> None:
    page = describe(ROUTES)
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in page["paths"].items()
        for method, operation in methods.items()
    }
    assert {operation["operationId"]: each for each, operation in operations.items()} == NAMES
    explained = {tag["name"] for tag in page["tags"] if tag["description"]}
    assert {tag for operation in operations.values() for tag in operation["tags"]} == explained


def test_every_form_has_a_plain_name_and_says_what_it_is() -> None:
    for name, form in describe(ROUTES)["components"]["schemas"].items():
        assert re.fullmatch(r"[A-Z][A-Za-z]+", name)
        assert form["description"].endswith("."), name


def test_what_may_be_left_out_of_a_body_has_no_default_and_is_not_required() -> None:
    forms = describe(ROUTES)["components"]["schemas"]
    for name, form in forms.items():
        if name.endswith(("Body", "Form")):
            assert not [field for field, rest in form["properties"].items() if "default" in rest], name
    assert forms["SendBody"]["required"] == ["content"]
    assert set(forms["RegisterBody"]["required"]) == {"username", "password", "nickname"}


def test_no_parameter_of_an_address_is_said_to_be_null() -> None:
    for path, methods in describe(ROUTES)["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                assert isinstance(parameter["schema"]["type"], str), (path, parameter)


def test_an_event_is_told_by_its_type_and_every_type_has_its_own_data() -> None:
    forms = describe(ROUTES)["components"]["schemas"]
    assert forms["EventPage"]["properties"]["events"]["items"] == {"$ref": "#/components/schemas/Event"}
    event = forms["Event"]
    assert event["discriminator"]["propertyName"] == "type"
    assert list(event["discriminator"]["mapping"].values()) == [each["$ref"] for each in event["oneOf"]]
    for kind, reference in event["discriminator"]["mapping"].items():
        form = forms[reference.rpartition("/")[2]]
        assert form["properties"]["type"]["const"] == kind
        assert set(form["required"]) == {"type", "seq", "data"}
        assert forms[form["properties"]["data"]["$ref"].rpartition("/")[2]]["properties"]


async def test_the_headers_of_an_answer_are_those_it_is_said_to_have(start: Start) -> None:
    chat = await start(limits={"requests_per_second": 2})
    alice = await chat.person("alice")
    paths = describe(ROUTES)["paths"]

    async def check(path: str, status: int, **headers: str) -> None:
        async with chat.client.get(path, headers=headers) as response:
            assert response.status == status
            said = paths[path.partition("?")[0]]["get"]["responses"][str(status)].get("headers", {})
            assert said, path
            assert [name for name in said if name not in response.headers] == []

    bearer = {"Authorization": f"Bearer {alice.token}"}
    await check("/auth/me", 401)
    await check("/conversations", 200, **bearer)
    await check("/messages/events?timeout=0", 200, **bearer)
    while (await chat.client.get("/auth/me", headers=bearer)).status != 429:
        pass
    await check("/auth/me", 429, **bearer)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_the_description_of_a_route_has_every_status_it_may_answer(route: Route) -> None:
    expected = {(413, "too_large"), (422, "validation_error"), (503, "storage_unavailable")} | {
        (STATUS[error], error.code) for error in route.errors
    }
    if not route.public:
        expected |= {(401, "not_authenticated"), (401, "account_unavailable")}
    if route.limited:
        expected.add((429, "rate_limited"))
    if route.body is not None:
        expected |= {(400, route.body.malformed.code), (408, "request_timeout"), (415, "unsupported_media_type")}
    if route.method != "GET":
        expected.add((403, "forbidden"))
    page = describe(ROUTES)
    operation: dict[str, Any] = page["paths"][route.path][route.method.lower()]
    described: set[tuple[int, str]] = set()
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            content = response["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Error"}
            described |= {(int(status), code) for code in content["examples"]}
            assert all(f"`{code}`: " in response["description"] for code in content["examples"])
        else:
            assert int(status) in {route.status, *route.others}
            assert set(response["headers"]) == {*route.headers, "Cache-Control"}
    assert described == expected
    assert {code for _, code in described} <= set(page["components"]["schemas"]["ErrorCode"]["enum"])
    assert ("security" in operation) == (not route.public)

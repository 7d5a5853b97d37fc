"""Errors: every kind has a status, a stable name and a sentence; and each is the same at both doors."""

import re
from collections.abc import Iterator
from typing import Any

from chatd.api.refusals import STATUS
from chatd.errors import ChatError, GroupInviteInvalid, InviteInvalid, MalformedFrame, UnknownCommand
from chatd.http.answers import HTTP_ERRORS
from tests.conftest import Start
from tests.support import Chat, Person
from tests.ws.v2_client import V2Client, add_group, connect

#: What only a frame can be.
OF_FRAMES = {MalformedFrame, UnknownCommand}

NOWHERE = 99_999


def kinds(base: type[ChatError] = ChatError) -> Iterator[type[ChatError]]:
    """Return every kind of error below ``base``."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_kind_of_error_has_a_status() -> None:
    def has_one(kind: type[ChatError]) -> bool:
        return any(base in STATUS and base.code == kind.code for base in kind.__mro__ if issubclass(base, ChatError))

    assert {kind for kind in kinds() if not has_one(kind)} == OF_FRAMES
    assert set(STATUS) <= set(kinds())


def test_every_kind_of_error_has_a_name_and_one_sentence() -> None:
    for kind in kinds():
        assert re.fullmatch(r"[a-z][a-z_]+", kind.code)
        assert re.fullmatch(r"[A-Z][^\n]*\.", kind.sentence())


def test_a_name_belongs_to_one_kind_and_what_derives_from_it_and_has_one_status() -> None:
    statuses: dict[str, int] = {kind.code: status for kind, status in STATUS.items()}
    for kind, status in STATUS.items():
        if kind.code == "invite_invalid":  # to a group that might not be there, it is one that is not
            assert status == {InviteInvalid: 403, GroupInviteInvalid: 404}[kind]
            continue
        assert statuses[kind.code] == status
        namesakes = [other for other in kinds() if other.code == kind.code]
        assert any(all(issubclass(other, base) for other in namesakes) for base in namesakes), kind.code
    for status, (code, _) in HTTP_ERRORS.items():
        assert statuses.get(code, status) == status, code


async def over_rest(person: Person, method: str, path: str, body: Any = None) -> tuple[str, str]:
    """Send a request that fails, and return the error's code and sentence."""
    async with await person.request(method, path, json=body) as response:
        assert response.status >= 400
        error = await response.json()
        return error["code"], error["detail"]


async def over_the_socket(client: V2Client, kind: str, **data: Any) -> tuple[str, str]:
    """Send a command that fails, and return the error's code and sentence."""
    error = (await client.command(kind, **data))["error"]
    return error["code"], error["detail"]


async def test_an_error_has_the_same_name_and_sentence_over_rest_and_over_the_socket(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = add_group(chat, "others", bob, carol)
    mine, theirs = (await alice.send(bob, "mine"))["id"], (await bob.send(alice, "theirs"))["id"]
    gone = (await alice.send(bob, "gone"))["id"]
    await alice.request("DELETE", f"/messages/{gone}")
    foreign = (await bob.send(carol, "not for alice"))["id"]
    await alice.send(bob, "once", client_id="used")
    await alice.request("PUT", f"/users/{carol.id}/block")
    client = await connect(alice)
    attempts: list[tuple[str, str, Any, str, dict[str, Any], str]] = []
    for content, code in (("", "validation_error"), ("x" * 2001, "validation_error"), (5, "validation_error")):
        attempts += [
            (
                "POST",
                f"/messages/send/{bob.id}",
                {"content": content},
                "send",
                {"user": bob.id, "content": content},
                code,
            ),
            (
                "PATCH",
                f"/messages/{mine}",
                {"content": content},
                "edit",
                {"message_id": mine, "content": content},
                code,
            ),
        ]
    for whom, code in ((NOWHERE, "not_found"), (alice.id, "cannot_message_self"), (carol.id, "blocked")):
        data = {"user": whom, "content": "x"}
        attempts.append(("POST", f"/messages/send/{whom}", {"content": "x"}, "send", data, code))
    reused = {"content": "another", "client_id": "used"}
    attempts.append(
        ("POST", f"/messages/send/{bob.id}", reused, "send", {"user": bob.id, **reused}, "client_id_reused")
    )
    for message, code in ((NOWHERE, "not_found"), (foreign, "not_found"), (theirs, "forbidden")):
        edit = {"message_id": message, "content": "x"}
        attempts += [
            ("PATCH", f"/messages/{message}", {"content": "x"}, "edit", edit, code),
            ("DELETE", f"/messages/{message}", None, "delete", {"message_id": message}, code),
        ]
    for message, code in ((NOWHERE, "not_found"), (foreign, "not_found"), (gone, "message_deleted")):
        for method, command in (("PUT", "react"), ("DELETE", "unreact")):
            reaction = {"message_id": message, "emoji": "👍"}
            attempts.append((method, f"/messages/{message}/reactions/👍", None, command, reaction, code))
    attempts += [
        (
            "PATCH",
            f"/messages/{gone}",
            {"content": "x"},
            "edit",
            {"message_id": gone, "content": "x"},
            "message_deleted",
        ),
        ("POST", f"/messages/read/{NOWHERE}", None, "read", {"user": NOWHERE, "up_to": 1}, "not_found"),
        ("GET", f"/messages?user={NOWHERE}", None, "typing", {"user": NOWHERE}, "not_found"),
        ("GET", f"/messages?group={group}", None, "read", {"group": group, "up_to": 1}, "not_found"),
        ("GET", f"/messages?group={NOWHERE}", None, "typing", {"group": NOWHERE}, "not_found"),
        ("GET", "/messages/events?epoch=another&since=0", None, "sync", {"epoch": "another", "since": 0}, "resync"),
    ]
    for method, path, body, command, data, code in attempts:
        told = await over_rest(alice, method, path, body)
        assert told == await over_the_socket(client, command, **data), (method, path, body)
        assert told[0] == code, (method, path, body)


async def test_who_is_too_fast_is_told_so_in_the_same_words_at_both_doors(start: Start) -> None:
    chat = await start(limits={"messages_per_second": 0.01})
    alice, bob = await chat.people("alice", "bobby")
    client = await connect(alice)
    await alice.send(bob, "one")
    told = await over_rest(alice, "POST", f"/messages/send/{bob.id}", {"content": "two"})
    assert told == await over_the_socket(client, "send", user=bob.id, content="two")
    assert told[0] == "rate_limited"


async def test_a_body_beyond_reason_is_told_what_is_wrong_with_it(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for value, word in (("[" * 20_000 + "]" * 20_000, "too deeply"), ("9" * 5000, "digits"), ("x", "not JSON")):
        body = f'{{"content":"hi","more":{value}}}'
        json = {"Content-Type": "application/json"}
        async with await alice.request("POST", f"/messages/send/{bob.id}", data=body, headers=json) as response:
            assert response.status == 400
            assert word in (await response.json())["detail"]

"""Access tokens: what they say, when they end, and that nobody else can make one."""

from typing import Any

import jwt
import pytest

from chatd.http.context import CONFIG
from chatd.services.keys import signing_key
from tests.api.support import Clock
from tests.conftest import Start
from tests.support import Chat, error_of

DAY = 86_400

Claims = dict[str, Any]


def claims_of(token: str) -> Claims:
    """Return what a token says."""
    claims: Claims = jwt.decode(token, options={"verify_signature": False})
    return claims


def key_of(chat: Chat) -> bytes:
    """Return the key the server signs with."""
    return signing_key(chat.server.app[CONFIG])


async def answer(chat: Chat, token: str) -> tuple[int, str]:
    """Return the status and, of an error, the code that a token gets."""
    async with chat.client.get("/auth/me", headers={"Authorization": f"Bearer {token}"}) as response:
        return (200, "") if response.status == 200 else await error_of(response)


async def test_a_token_names_user_session_issue_and_expiry(start: Start) -> None:
    chat = await start(accounts={"token_days": 2})
    alice = await chat.person("alice")
    assert jwt.get_unverified_header(alice.token)["alg"] == "HS256"
    claims = claims_of(alice.token)
    assert claims["sub"] == str(alice.id)
    assert claims["exp"] - claims["iat"] == 2 * DAY
    (session,) = await alice.get("/auth/sessions")
    assert session["id"] in claims.values()
    assert jwt.decode(alice.token, key_of(chat), algorithms=["HS256"]) == claims


@pytest.mark.parametrize("seen_before", [True, False])
async def test_a_token_is_good_until_it_expires(start: Start, clock: Clock, seen_before: bool) -> None:
    chat = await start(clock=clock, accounts={"token_days": 1})
    alice = await chat.person("alice")
    left = claims_of(alice.token)["exp"] - clock.now / 1000
    clock.advance(seconds=left - 0.001)
    if seen_before:
        assert await answer(chat, alice.token) == (200, "")
    clock.advance(seconds=0.001)
    assert await answer(chat, alice.token) == (401, "not_authenticated")
    phone = await alice.device()
    assert len(await phone.get("/auth/sessions")) == 1


async def test_a_token_outlives_a_restart_and_its_session_ends_across_one(start: Start) -> None:
    chat = await start()
    alice = await chat.person("alice")
    phone = await alice.device()
    await phone.post("/auth/logout", status=204)
    await chat.client.close()
    again = await start()
    assert await answer(again, alice.token) == (200, "")
    assert await answer(again, phone.token) == (401, "not_authenticated")


async def test_an_odd_claim_is_refused_even_where_the_signature_is_right(chat: Chat) -> None:
    alice, _ = await chat.people("alice", "bobby")
    claims, key = claims_of(alice.token), key_of(chat)
    odd: list[Claims] = [
        *({key: value for key, value in claims.items() if key != name} for name in claims),
        *({**claims, "sub": sub} for sub in (1, None, "", "+1", " 1", "١", "1.0", "2", "9" * 400, ["1"])),
        *({**claims, "sid": sid} for sid in ("1", None, 0, -1, 2, 1.0, True, 2**53, 10**400, [1])),
        *({**claims, "exp": exp} for exp in (0, -1, None, "soon", 1e999, [1], True, 4e9)),
        {**claims, "aud": "others"},
        {**claims, "nbf": 10**11},
    ]
    for each in odd:
        assert await answer(chat, jwt.encode(each, key, "HS256")) == (401, "not_authenticated"), each
    assert await answer(chat, jwt.encode({**claims, "more": 1}, key, "HS256")) == (200, "")


async def test_a_token_signed_otherwise_is_refused(chat: Chat) -> None:
    alice = await chat.person("alice")
    claims, key = claims_of(alice.token), key_of(chat)
    head, body, signature = alice.token.split(".")
    unsigned = jwt.encode(claims, "", "none")
    forged = {
        "none": unsigned,
        "none with a signature": unsigned + signature,
        "another key": jwt.encode(claims, b"k" * 32, "HS256"),
        "another algorithm": jwt.encode(claims, key * 2, "HS512"),
        "nothing signed": f"{head}.{body}.",
        "another's signature": f"{head}.{jwt.encode({**claims, 'sub': '2'}, key).split('.')[1]}.{signature}",
        "cut": alice.token[:-2],
        "no JWT": "secret",
        "empty parts": "..",
        "too many parts": f"{alice.token}.{signature}",
        "no JSON": f"{head}.AAAA.{signature}",
    }
    for name, token in forged.items():
        assert await answer(chat, token) == (401, "not_authenticated"), name
    assert await answer(chat, jwt.encode(claims, key, "HS256")) == (200, "")


async def test_a_token_of_nobody_is_refused(chat: Chat) -> None:
    alice = await chat.person("alice")
    token = jwt.encode({**claims_of(alice.token), "sub": "99"}, key_of(chat), "HS256")
    assert await answer(chat, token) == (401, "account_unavailable")

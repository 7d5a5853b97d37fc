"""Access tokens: what is in one, and all that is not one."""

import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.errors import NotAuthenticated
from chatd.models import Identity, Session
from chatd.services.tokens import Tokens

KEY = b"k" * 32
NOW = 1_700_000_000_123
END = 1_700_000_100_000
CLAIMS = {"sub": "7", "sid": 3, "iat": 1_700_000_000, "exp": END // 1000}
SESSION = Session(id=3, user_id=7, device="", address="", created_at=NOW, last_seen_at=NOW, expires_at=END)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def signed(claims: dict[str, Any], key: bytes = KEY, **kwargs: Any) -> str:
    return jwt.encode(claims, key, **{"algorithm": "HS256", **kwargs})


def refused(token: str, now: int = NOW) -> None:
    with pytest.raises(NotAuthenticated):
        Tokens(KEY).read(token, now)


def test_a_token_names_its_user_and_session_and_when_it_ends() -> None:
    token = Tokens(KEY).issue(SESSION)
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    assert jwt.decode(token, KEY, ["HS256"], options={"verify_exp": False}) == CLAIMS
    assert Tokens(KEY).read(token, NOW) == Identity(user_id=7, session_id=3, expires_at=END)


def test_a_token_ends_to_the_millisecond() -> None:
    token = Tokens(KEY).issue(SESSION)
    assert Tokens(KEY).read(token, END - 1).user_id == 7
    refused(token, END)


def test_a_token_from_a_clock_ahead_of_ours_is_fine() -> None:
    token = Tokens(KEY).issue(SESSION)
    assert Tokens(KEY).read(token, NOW - 3_600_000).user_id == 7


def test_a_token_of_another_key_is_refused() -> None:
    refused(signed(CLAIMS, b"x" * 32))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_of_another_algorithm_is_refused(algorithm: str) -> None:
    with pytest.raises(NotAuthenticated):
        Tokens(b"k" * 64).read(signed(CLAIMS, b"k" * 64, algorithm=algorithm), NOW)


def test_a_token_without_a_signature_is_refused() -> None:
    refused(jwt.encode(CLAIMS, "", algorithm="none"))
    head, body, _ = signed(CLAIMS).split(".")
    refused(f"{head}.{body}.")
    refused(f"{head}.{body}")


def test_a_token_whose_claims_were_changed_is_refused() -> None:
    head, _, signature = signed(CLAIMS).split(".")
    body = base64.urlsafe_b64encode(json.dumps({**CLAIMS, "sub": "1"}).encode()).rstrip(b"=").decode()
    refused(f"{head}.{body}.{signature}")


@pytest.mark.parametrize("claim", sorted(CLAIMS))
def test_a_token_without_one_of_its_claims_is_refused(claim: str) -> None:
    refused(signed({name: value for name, value in CLAIMS.items() if name != claim}))


@pytest.mark.parametrize(
    "odd",
    [
        {"sub": ""},
        {"sub": "-1"},
        {"sub": "1.0"},
        {"sub": " 1"},
        {"sub": "٧"},
        {"sub": "9" * 17},
        {"sub": "alice"},
        {"sid": 0},
        {"sid": -1},
        {"sid": True},
        {"sid": "3"},
        {"sid": 3.0},
        {"sid": 2**53},
        {"sid": None},
        {"exp": True},
        {"exp": 1e12},
        {"exp": str(END)},
        {"exp": -1},
    ],
    ids=str,
)
def test_a_token_with_an_odd_claim_is_refused_though_it_is_signed(odd: dict[str, Any]) -> None:
    refused(signed({**CLAIMS, **odd}))


@given(claim=st.sampled_from(sorted(CLAIMS)), value=json_values)
def test_whatever_is_signed_it_is_read_or_refused(claim: str, value: Any) -> None:
    token = jwt.api_jws.encode(json.dumps({**CLAIMS, claim: value}).encode(), KEY, "HS256")
    try:
        identity = Tokens(KEY).read(token, NOW)
    except NotAuthenticated:
        return
    assert (type(identity.user_id), type(identity.session_id), type(identity.expires_at)) == (int, int, int)
    assert 0 < identity.session_id < 2**53
    assert identity.expires_at > NOW


@given(st.one_of(st.text(), st.text(st.characters()), st.binary().map(lambda raw: raw.decode("latin-1"))))
def test_whatever_is_sent_as_a_token_is_refused(text: str) -> None:
    refused(text)
    refused(f"{signed(CLAIMS)}.{text}")


@given(payload=st.binary(), header=json_values)
def test_whatever_a_token_is_made_of_it_is_refused(payload: bytes, header: Any) -> None:
    parts = (json.dumps(header).encode(), payload, b"signature")
    refused(".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts))
    refused(jwt.api_jws.encode(b"[" * 100_000, KEY, "HS256"))

"""The REST calls as methods."""

import asyncio

import pytest
from aiohttp import web

from chatd.client import Client, Group, RateLimited, Refused, Rest, Unreachable
from tests.client.support import peer
from tests.conftest import Start
from tests.support import PASSWORD, Chat, Person, sign_in


def rest_of(person: Person) -> Rest:
    """Return a person's REST calls."""
    return Rest(str(person.client.make_url("/")), token=person.token)


async def test_somebody_registers_signs_in_and_out_again(chat: Chat) -> None:
    async with Rest(chat.server.url) as rest:
        registered = await rest.register("alice", PASSWORD, "Alice")
        assert await rest.login("alice", PASSWORD) == rest.token
        assert await rest.me() == registered == await rest.user(registered.id)
        token = rest.token
        await rest.logout()
        assert rest.token is None
        rest.token = token
        with pytest.raises(Refused) as refusal:
            await rest.me()
        assert (refusal.value.status, refusal.value.code) == (401, "not_authenticated")


async def test_a_name_and_a_password_are_enough(chat: Chat) -> None:
    await chat.person("alice")
    async with Rest(chat.server.url, username="alice", password=PASSWORD) as rest:
        me, sessions = await asyncio.gather(rest.me(), rest.sessions())
        assert me.username == "alice"
        assert len(sessions) == 2  # one for the account's own token, and one for both calls together
        assert [session.is_current for session in sessions].count(True) == 1


async def test_a_wrong_password_is_refused(chat: Chat) -> None:
    async with Rest(chat.server.url, username="alice", password="wrong password") as rest:
        with pytest.raises(Refused) as refusal:
            await rest.me()
        assert refusal.value.status == 401


async def test_what_is_wrong_with_each_field_is_told(chat: Chat) -> None:
    async with Rest(chat.server.url) as rest:
        with pytest.raises(Refused) as refusal:
            await rest.register("a", "short", "")
        assert refusal.value.status == 422
        assert set(refusal.value.errors) == {"username", "password", "nickname"}


async def test_a_profile_is_changed_where_it_is_said(chat: Chat) -> None:
    alice = await chat.person("alice")
    async with rest_of(alice) as rest:
        assert (await rest.update_profile(bio="I am Alice.")).bio == "I am Alice."
        user = await rest.update_profile(nickname="Ally", bio=None)
        assert (user.nickname, user.bio) == ("Ally", None)


async def test_sessions_are_listed_and_ended(chat: Chat) -> None:
    alice = await chat.person("alice")
    other = await alice.device()
    async with rest_of(alice) as rest:
        (theirs,) = [session for session in await rest.sessions() if not session.is_current]
        await rest.end_session(theirs.id)
        assert [session.is_current for session in await rest.sessions()] == [True]
    assert await chat.error("GET", "/auth/me", headers={"Authorization": f"Bearer {other.token}"}) == (
        401,
        "not_authenticated",
    )


async def test_people_are_found(chat: Chat) -> None:
    alice, bob, _ = await chat.people("alice", "bobby", "bobby2")
    async with rest_of(alice) as rest:
        assert [user.username for user in await rest.users("bob")] == ["bobby", "bobby2"]
        assert [user.username for user in await rest.users("bob", skip=1, limit=1)] == ["bobby2"]
        assert await rest.users(is_ai=True) == ()
        assert (await rest.user_named("BOBBY")).id == bob.id
        with pytest.raises(Refused, match="Nobody here is called bob"):
            await rest.user_named("bob")


async def test_a_user_is_named_in_every_way_to_write_the_name_that_signs_in(chat: Chat) -> None:
    (alice,) = await chat.people("alice")
    async with rest_of(alice) as rest:
        for username, written in [
            ("straße", ["STRASSE", "straße ", "ｓｔｒａｓｓｅ", "stra\u00adsse"]),
            ("Éva", ["e\u0301va", "E\u0301VA", "év\u200ba"]),
            ("σίσυφος", ["ΣΊΣΥΦΟΣ", "σίσυφοσ"]),
            ("日本", ["日本", " 日本"]),
        ]:
            person = await chat.person(username)
            for each in written:
                assert (await rest.user_named(each)).id == person.id, each
                assert await sign_in(chat.client, each)
        for nobody in ["eva", "", " ", "\u200b", "a" * 900, "alice\u0301", "alic", "%"]:
            with pytest.raises(Refused) as refused:
                await rest.user_named(nobody)
            assert refused.value.code == "not_found"


async def test_classic_history_and_unread_count(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for number in range(3):
        await alice.send(bob, f"{number}")
    async with rest_of(bob) as rest:
        assert await rest.unread_count() == 3
        page = await rest.history(alice.id, page=1, page_size=2)
        assert [message.content for message in page.items] == ["1", "2"]
        assert (page.total, page.page, page.page_size, page.other_user.id) == (3, 1, 2, alice.id)
        assert await rest.history(page.other_user, page=1, page_size=2) == page


async def test_a_password_is_changed(chat: Chat) -> None:
    alice = await chat.person("alice")
    async with rest_of(alice) as rest:
        await rest.change_password(PASSWORD, "a new password")
        await rest.login("alice", "a new password")


async def test_health_is_asked_without_a_token(chat: Chat) -> None:
    async with Rest(chat.server.url) as rest:
        assert (await rest.health()).status == "ok"


async def test_who_is_not_there_is_unreachable(chat: Chat) -> None:
    url = chat.server.url
    await chat.server.stop()
    async with Rest(url) as rest:
        with pytest.raises(Unreachable, match="cannot be reached"):
            await rest.health()


async def test_a_rate_limit_is_waited_for(start: Start) -> None:
    chat = await start(limits={"requests_per_second": 2})
    alice = await chat.person("alice")
    async with rest_of(alice) as rest:
        assert [(await rest.me()).id for _ in range(13)] == [alice.id] * 13
        rest.patience = 0
        with pytest.raises(RateLimited) as limited:
            await asyncio.gather(*(rest.me() for _ in range(13)))
        assert limited.value.retry_after >= 1
        assert limited.value.status == 429


async def test_an_answer_that_is_not_chatds_is_told_as_it_is() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["id"]), text="<h1>Oops</h1>")

    async def nothing(*_: object) -> None:
        pass

    async with peer(nothing, web.get("/users/{id}", answer)) as url, Rest(url, token="t") as rest:
        for status in (200, 404, 500):
            with pytest.raises(Refused) as refusal:
                await rest.user(status)
            assert (refusal.value.status, refusal.value.code) == (status, "http_error")
        with pytest.raises(Unreachable, match="502"):
            await rest.user(502)


def test_an_address_must_be_one() -> None:
    with pytest.raises(ValueError, match="not an http:// or https:// address"):
        Client("localhost:8000")


async def test_the_token_stands_in_no_address() -> None:
    seen: list[str] = []

    async def script(socket: object, number: int) -> None:
        pass

    async def me(request: web.Request) -> web.Response:
        seen.extend([str(request.url), request.headers["Authorization"]])
        return web.json_response(
            {"id": 1, "username": "a", "nickname": "a", "avatar_path": None, "is_ai": False, "bio": None}
            | {"created_at": "2026-01-31T08:15:00.250Z"}
        )

    async with peer(script, web.get("/auth/me", me)) as url, Rest(url + "/", token="secret") as rest:
        await rest.me()
    assert "secret" not in seen[0]
    assert seen[1] == "Bearer secret"


async def test_conversations_come_in_pages_with_the_place_to_go_on_from(chat: Chat) -> None:
    alice, *others = await chat.people("alice", "bobby", "carol", "david")
    for other in others:
        await other.send(alice, f"I am {other.nickname}")
    await alice.post(f"/messages/read/{others[0].id}")
    async with rest_of(alice) as rest:
        page = await rest.conversations(limit=2)
        assert [each.user and each.user.username for each in page.items] == ["david", "carol"]
        assert page.more
        last = page.items[-1].last_message
        assert last is not None
        rest_of_them = await rest.conversations(before=last.id)
        (first,) = rest_of_them.items
        assert (first.user and first.user.username, first.group, first.unread_count) == ("bobby", None, 0)
        assert first.last_message is not None
        assert (first.last_message.content, first.read_up_to) == ("I am Bobby", first.last_message.id)
        assert not rest_of_them.more
        assert page.cursor == rest_of_them.cursor
        async with Client(rest.url, token=rest.token) as client:
            assert client.cursor == page.cursor


async def test_messages_come_in_pages_by_id(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    ids = [(await alice.send(bob, f"{number}"))["id"] for number in range(7)]
    async with rest_of(bob) as rest:
        newest = await rest.messages(alice.id, limit=3)
        assert [message.id for message in newest.items] == ids[4:]
        assert (newest.more_before, newest.more_after) == (True, False)
        assert [message.id for message in (await rest.messages(alice.id, before=ids[4], limit=3)).items] == ids[1:4]
        assert [message.id for message in (await rest.messages(newest.items[0], after=ids[5])).items] == ids[6:]
        assert ids[3] in [message.id for message in (await rest.messages(alice.id, around=ids[3], limit=2)).items]
        with pytest.raises(Refused) as refusal:
            await rest.messages(Group(99, "nowhere"))
        assert refusal.value.status == 404

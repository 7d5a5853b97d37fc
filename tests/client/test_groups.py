"""Groups in the Python client: every call, and every event about them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from chatd.client import (
    ActionChanged,
    Event,
    EventStream,
    GroupChanged,
    GroupEnded,
    GroupPlace,
    Invitation,
    LevelChanged,
    Membership,
    MessageDeleted,
    MessagesRestored,
    MyGroup,
    NewMessage,
    Preview,
    Read,
    Refused,
    Rest,
    Rules,
    Typing,
)
from tests.client.support import client_of, take, take_contents
from tests.support import PATIENCE, Chat, Person


def rest_of(person: Person) -> Rest:
    """Return a person's calls over HTTP."""
    return Rest(str(person.client.make_url("/")), token=person.token)


async def test_a_group_is_made_seen_changed_and_ended(chat: Chat) -> None:
    ada, eve = await chat.people("ada", "eve")
    async with rest_of(ada) as hers, rest_of(eve) as others:
        group = await hers.groups.create("Chess", description="Openings", rules={"post": "admin"}, client_id="once")
        assert (group.name, group.description, group.member_count) == ("Chess", "Openings", 1)
        assert group.rules == Rules("admin", "member")
        assert await hers.groups.create("Chess", client_id="once") == group
        mine = await hers.groups.get(group)
        assert isinstance(mine, MyGroup)
        assert (mine.group, mine.me.role, mine.me.notify) == (group, "owner", "all")
        with pytest.raises(Refused) as refused:
            await others.groups.get(group)
        assert refused.value.code == "not_found"
        changed = await hers.groups.change(group, name="Go", description=None, public=True)
        assert (changed.name, changed.description, changed.public) == ("Go", None, True)
        preview = await others.groups.get(group.id)
        assert preview == Preview(group.id, "Go", None, None, 1)
        assert await others.groups.public("go") == (preview,)
        assert await others.groups.public("chess") == ()
        with pytest.raises(Refused) as refused:
            await hers.groups.delete(group, "Chess")
        assert refused.value.status == 409
        await hers.groups.delete(preview, "Go")
        assert await others.groups.public() == ()


async def test_people_come_by_code_by_invitation_and_because_it_is_public_and_leave(chat: Chat) -> None:
    ada, bob, eve, dan = await chat.people("ada", "bobby", "eve", "dan")
    async with rest_of(ada) as hers, rest_of(bob) as bobs, rest_of(eve) as eves, rest_of(dan) as dans:
        group = await hers.groups.create("Chess")
        code = await hers.groups.make_code(group, max_uses=5, expires_in=None)
        assert (code.path, code.max_uses, code.expires_at) == (f"/join/{code.code}", 5, None)
        way = await bobs.groups.look(f" {hers.url}{code.path} ")
        assert (way.preview.name, way.sender.id) == ("Chess", ada.id)
        joined = await bobs.groups.join(code.path)
        assert joined is not None
        assert (joined.group.member_count, joined.me.role) == (2, "member")
        assert await bobs.groups.join(code.code) == joined
        [listed] = await hers.groups.codes(group)
        assert (listed.id, listed.uses, listed.sender.id) == (code.id, 1, ada.id)
        await hers.groups.revoke_code(group, listed.id)
        for bad in (code.code, "", "../x", "é"):
            with pytest.raises(Refused) as refused:
                await eves.groups.join(bad)
            assert refused.value.status == 404
        await hers.groups.invite(group, eve.id)
        [invitation] = await eves.groups.invitations()
        assert (invitation.group.name, invitation.sender.id) == ("Chess", ada.id)
        await eves.groups.decline(invitation.group)
        await hers.groups.invite(group, eve.id)
        await hers.groups.withdraw(group, eve.id)
        assert await eves.groups.invitations() == ()
        await hers.groups.invite(group, eve.id)
        await eves.groups.join(group)
        await hers.groups.change(group, public=True)
        await dans.groups.join(group.id)
        page = await hers.groups.members(group, limit=3)
        assert ([each.user.id for each in page.members], page.more) == ([ada.id, bob.id, eve.id], True)
        assert page.members[1].via == code.id
        rest = await hers.groups.members(group, after=page.members[-1].user.id)
        assert ([each.user.id for each in rest.members], rest.more) == ([dan.id], False)
        assert [each.user.id for each in (await bobs.groups.members(group, "EVE")).members] == [eve.id]
        assert (await hers.groups.set_role(group, bob.id, "admin")).role == "admin"
        assert [each.user.id for each in (await hers.groups.members(group, role="admin")).members] == [bob.id]
        await hers.groups.leave(group)
        mine = await bobs.groups.get(group)
        assert isinstance(mine, MyGroup)
        assert mine.me.role == "owner"


async def test_what_names_one_is_counted_found_and_may_be_kept_from_disturbing(chat: Chat) -> None:
    ada, bob = await chat.people("ada", "bobby")
    async with client_of(ada) as hers, client_of(bob) as his:
        group = await hers.groups.create("Chess")
        await his.groups.join((await hers.groups.make_code(group)).code)
        first = await hers.send(group, "good morning")
        named = await hers.send(GroupPlace(group.id), "@bobby your move")
        everybody = await hers.send(first, "@all look")
        assert (named.mentions, everybody.mentions_all, everybody.group_id) == ((bob.id,), True, group.id)
        [conversation] = (await his.conversations()).items
        assert (conversation.unread_count, conversation.mention_count) == (3, 2)
        assert [each.id for each in (await his.groups.mentions()).items] == [named.id]
        assert await his.unread() == await rest_unread(bob, badge=3, unread=3, mentions=2)
        until = datetime.now(UTC) + timedelta(hours=1)
        me = await his.groups.set_level(group, notify="mentions", muted_until=until)
        assert (me.notify, me.muted_until) == ("mentions", until.replace(microsecond=until.microsecond // 1000 * 1000))
        assert (await his.unread()).badge == 0
        assert (await his.groups.set_level(group, muted_until=None)).notify == "mentions"
        assert (await his.unread()).badge == 2
        assert await hers.groups.readers(named) == frozenset()
        assert await his.read(group, named) == named.id
        assert await hers.groups.readers(named.id) == frozenset({bob.id})
        page = await his.messages(group, limit=2)
        assert ([each.id for each in page.items], page.more_before) == ([named.id, everybody.id], True)


async def rest_unread(person: Person, **numbers: int) -> object:
    """Return what somebody's sums are, once they are as expected."""
    assert await person.get("/unread") == numbers
    async with rest_of(person) as rest:
        return await rest.unread()


async def test_what_is_reported_goes_to_the_admins(chat: Chat) -> None:
    ada, bob = await chat.people("ada", "bobby")
    async with client_of(ada) as hers, client_of(bob) as his:
        group = await hers.groups.create("Chess")
        await his.groups.join((await hers.groups.make_code(group)).code)
        said = await hers.send(group, "rude")
        await bob.post(f"/messages/{said.id}/report", {"reason": "rude"}, 201)
        with pytest.raises(Refused) as refused:
            await his.groups.reports(group)
        assert refused.value.code == "forbidden"
        [report] = await hers.groups.reports(group)
        assert (report.message_id, report.sender.id, report.reason, report.content) == (said.id, ada.id, "rude", "rude")
        await hers.groups.resolve(group, report)
        assert await hers.groups.reports(group) == ()


async def test_all_that_happens_in_a_group_is_heard_from_coming_to_leaving_and_nothing_else(chat: Chat) -> None:
    ada, bob = await chat.people("ada", "bobby")
    async with client_of(ada) as hers, client_of(bob) as his:
        heard = his.events()
        group = await hers.groups.create("Chess", history="joined")
        await hers.send(group, "before")
        await hers.groups.invite(group, bob.id)
        await his.groups.join(group)
        first = await hers.send(group, "first")
        answer = await his.send(first, "second", reply_to=first)
        await hers.delete(first)
        await his.read(group, answer)
        await his.groups.set_level(group, notify="named")
        await hers.groups.change(group, name="Go")
        await hers.groups.set_role(group, bob.id, "admin")
        await his.groups.leave(group)
        await hers.send(group, "after")
        invited, *events = await take(heard, 10)
        assert isinstance(invited, Invitation)
        assert (invited.group.name, invited.sender.id, invited.on) == ("Chess", ada.id, True)
        assert [shown(event) for event in events] == [
            ("membership", bob.id, "member", "joined"),
            ("new_message", "first", ()),
            ("new_message", "second", (ada.id,)),
            ("message_deleted", first.id, GroupPlace(group.id)),
            ("read", answer.id, GroupPlace(group.id)),
            ("notify", group.id, "named"),
            ("group", "Go"),
            ("membership", bob.id, "admin", "role"),
            ("membership", bob.id, None, "left"),
        ]
        assert heard.cursor is not None


def shown(event: Event) -> tuple[object, ...]:
    """Return what counts of an event."""
    match event:
        case Membership():
            return event.type, event.user_id, event.role, event.how
        case NewMessage():
            return event.type, event.message.content, event.message.mentions
        case MessageDeleted():
            return event.type, event.message_id, event.place_for(event.sender_id)
        case Read():
            return event.type, event.up_to, event.place_for(event.reader_id)
        case LevelChanged():
            return event.type, event.group_id, event.notify
        case GroupChanged():
            return event.type, event.group.name
        case _:
            return (event.type,)


async def test_who_types_in_a_group_is_seen_and_its_end_is_the_last_thing_heard(chat: Chat) -> None:
    ada, bob = await chat.people("ada", "bobby")
    async with client_of(ada) as hers, client_of(bob) as his:
        group = await hers.groups.create("Chess")
        await his.groups.join((await hers.groups.make_code(group)).code)
        heard = his.events()
        await hers.send(group, "one")
        assert await take_contents(heard, 1) == ["one"]
        await hers.typing(group)
        async with asyncio.timeout(PATIENCE):
            async for event in heard:
                if isinstance(event, Typing):
                    assert (event.user_id, event.place) == (ada.id, GroupPlace(group.id))
                    break
        await hers.groups.delete(group, "Chess")
        [ended] = await take(heard, 1)
        assert isinstance(ended, GroupEnded)
        assert ended.group_id == group.id


async def test_what_admins_do_is_told_listed_and_taken_back(chat: Chat) -> None:
    ada, bob = await chat.people("ada", "bobby")
    async with client_of(ada) as hers, client_of(bob) as his:
        group = await hers.groups.create("Chess")
        await his.groups.join((await hers.groups.make_code(group)).code)
        said = [await his.send(group, text) for text in ("one", "two")]
        heard, told = his.events(), hers.events()
        [removed] = await hers.groups.act(group, "remove", message=said[0], reason="rude")
        [silence] = await hers.groups.act(group, "silence", bob.id, until=datetime.now(UTC) + timedelta(hours=1))
        with pytest.raises(Refused) as refused:
            await his.send(group, "three")
        assert (refused.value.code, refused.value.until) == ("silenced", silence.until)
        with pytest.raises(Refused) as refused:
            await his.groups.change(group, name="Mine")
        assert (refused.value.status, refused.value.until) == (403, silence.until)
        [ban] = await hers.groups.act(group, "ban", [bob.id], remove="day", reason="that too")
        assert (ban.actor.id, ban.user and ban.user.id, ban.reason) == (ada.id, bob.id, "that too")
        assert [each.content for each in (await hers.groups.removed(group, removed)).items] == ["one"]
        page = await hers.groups.actions(group, limit=2)
        assert ([each.id for each in page.actions], page.more) == ([ban.id, silence.id], True)
        rest = await hers.groups.actions(group, before=silence.id)
        assert [each.id for each in rest.actions] == [removed.id]
        assert [each.id for each in (await hers.groups.actions(group, active=True, kind="ban")).actions] == [ban.id]
        assert [
            each.id for each in (await hers.groups.actions(group, user=bob.id, active=True, kind="kick")).actions
        ] == []
        assert (await hers.groups.end(group, silence)).ended_at is not None
        assert (await hers.groups.undo(group, ban)).undone_at is not None
        await hers.groups.undo_all(group, ada.id, removed.created_at)
        async with asyncio.timeout(PATIENCE):
            while [each.content for each in (await his.messages(group)).items] != ["one", "two"]:
                await asyncio.sleep(0.01)
        events = [event async for event in until_restored(heard, 2)]
        assert {"messages_removed", "moderated", "membership", "messages_restored"} <= {each.type for each in events}
        changes = [
            each.action
            for each in [event async for event in until_restored(told, 2)]
            if isinstance(each, ActionChanged)
        ]
        assert {each.id for each in changes} == {removed.id, silence.id, ban.id}


async def until_restored(stream: EventStream, times: int) -> AsyncIterator[Event]:
    """Go through events until messages have come back so many times."""
    async with asyncio.timeout(PATIENCE):
        async for event in stream:
            yield event
            times -= isinstance(event, MessagesRestored)
            if not times:
                return

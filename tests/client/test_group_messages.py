"""What there is to groups in the Python client beside being in one: approval, threads and pins."""

from chatd.client import JoinRequestChanged, Membership, Pin
from tests.client.support import client_of, take
from tests.support import Chat


async def test_who_asks_to_join_is_let_in_or_not(chat: Chat) -> None:
    ada, bob, eve = await chat.people("ada", "bobby", "eve")
    async with client_of(ada) as hers, client_of(bob) as his, client_of(eve) as others:
        group = await hers.groups.create("Chess", public=True, approval=True)
        heard = his.events()
        assert await his.groups.join(group.id, note="I play") is None
        assert await others.groups.join((await hers.groups.make_code(group)).code) is None
        assert [each.approval for each in await his.groups.requested()] == [True]
        first, second = await hers.groups.requests(group)
        assert (first.user.id, first.note, second.user.id, second.note) == (bob.id, "I play", eve.id, None)
        await hers.groups.decide(group, first, accept=True)
        await hers.groups.decide(group, eve.id, accept=False)
        asked, answered, joined = await take(heard, 3)
        assert isinstance(asked, JoinRequestChanged)
        assert (asked.group_id, asked.user.id, asked.note, asked.on) == (group.id, bob.id, "I play", True)
        assert isinstance(answered, JoinRequestChanged)
        assert not answered.on
        assert isinstance(joined, Membership)
        assert (await others.groups.requested(), await hers.groups.requests(group)) == ((), ())


async def test_a_thread_is_read(chat: Chat) -> None:
    ada = await chat.person("ada")
    async with client_of(ada) as hers:
        group = await hers.groups.create("Chess")
        root = await hers.send(group, "Your move?")
        answers = [await hers.send(group, text, reply_to=root.id) for text in ("e4", "d4")]
        assert [each.thread for each in answers] == [root.id, root.id]
        shown, *others = (await hers.groups.thread(root)).items
        assert (shown.id, shown.replies, shown.last_reply, others) == (root.id, 2, answers[-1].id, answers)
        page = await hers.groups.thread(answers[0], after=root.id, limit=1)
        assert (page.items, page.more_before, page.more_after) == ((answers[0],), True, True)


async def test_a_message_is_pinned(chat: Chat) -> None:
    ada, eve = await chat.people("ada", "eve")
    async with client_of(ada) as hers, client_of(eve) as theirs:
        group = await hers.groups.create("Chess")
        code = await hers.groups.make_code(group)
        await theirs.groups.join(code.code)
        stream = theirs.events()
        message = await theirs.send(group, "read me")
        await hers.groups.pin(message)
        *_, event = await take(stream, 2)
        assert isinstance(event, Pin)
        assert (event.group_id, event.message_id, event.user_id, event.on) == (group.id, message.id, ada.id, True)
        assert [each.id for each in (await theirs.groups.pinned(group)).items] == [message.id]
        await theirs.groups.unpin(message.id)
        assert (await theirs.groups.pinned(group.id)).items == ()

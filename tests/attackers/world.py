"""Everybody there is to a group: who owns what is in it, who shares it, who once did, and who never may."""

import io
from dataclasses import dataclass

from aiohttp import FormData
from PIL import Image

from tests.api.support import disable
from tests.groups import act, change, code_of
from tests.support import Chat, Person
from tests.ws.v2_client import add_group, leave, live, own

#: Those who may see what is in the group come last, so that nothing has changed before the others try.
ROLES = (
    "anonymous",
    "disabled",
    "stranger",
    "invited",
    "asking",
    "former",
    "kicked",
    "banned",
    "silenced",
    "member",
    "owner",
)

#: Who is somebody, signed in.
SIGNED_IN = ROLES[2:]

#: The id of nothing.
NOWHERE = 999_999_999

#: What the former member may read as well.
BEFORE = "while all were there"

#: What nobody but the owner and the member may ever read.
SECRET = "the combination is 12345"


@dataclass
class World:
    """A group and its people."""

    chat: Chat
    people: dict[str, Person]
    bystander: Person
    group: int
    in_group: list[int]
    in_private: list[int]
    sessions: list[int]
    filename: str
    #: Actions of the owner's in the group: a ban, one to end, and one to undo.
    actions: dict[str, int]

    def message(self) -> int:
        """Return the id of the owner's next message in the group, written while all were in it."""
        return self.in_group.pop()

    def private(self) -> int:
        """Return the id of the owner's next private message to the member."""
        return self.in_private.pop()

    def session(self) -> int:
        """Return the id of the owner's next session on another device."""
        return self.sessions.pop()


def picture() -> FormData:
    """Return a form with a small picture, to be sent once."""
    made = io.BytesIO()
    Image.new("RGB", (2, 2)).save(made, "PNG")
    form = FormData()
    form.add_field("file", made.getvalue(), filename="me.png", content_type="image/png")
    return form


async def create(chat: Chat, *, things: int = 14) -> World:
    """Make the world.

    :param things: how many there are of each thing that a test takes one by one.
    """
    names = [role for role in ROLES if role != "anonymous"]
    people = dict(zip(names, await chat.people(*names), strict=True))
    bystander = await chat.person("bystander")
    owner, member = people["owner"], people["member"]
    group = add_group(
        chat,
        "friends",
        *(people[role] for role in ("owner", "member", "former", "kicked", "banned", "silenced", "disabled")),
    )
    own(chat, group, owner)
    client = await live(owner)

    async def say(count: int, content: str, **where: int) -> list[int]:
        acks = [await client.ack("send", content=content, **where) for _ in range(count)]
        return [ack["data"]["message"]["id"] for ack in acks]

    in_group = await say(things, BEFORE, group=group)
    leave(chat, group, people["former"])
    await act(owner, group, "kick", people["kicked"])
    ban = await act(owner, group, "ban", people["banned"])
    await act(owner, group, "silence", people["silenced"], until="2999-01-01T00:00:00Z")
    await change(owner, group, approval=True)
    await member.post(f"/groups/{group}/invitations", {"user": people["invited"].id}, 202)
    await people["asking"].post(f"/join/{await code_of(member, group)}", status=202)
    end, undo = [await act(owner, group, "ban", bystander) for _ in range(2)]
    disable(chat, people["disabled"])
    await say(1, SECRET, group=group)
    in_private = await say(things, SECRET, user=member.id)
    await say(1, SECRET, user=bystander.id)
    await client.ws.close()
    for _ in range(2):
        await owner.device()
    sessions = [each["id"] for each in await owner.get("/auth/sessions") if not each["is_current"]]
    async with await owner.request("POST", "/files/upload/avatar", data=picture()) as response:
        filename = (await response.json())["filename"]
    actions = {"ban": ban["id"], "end": end["id"], "undo": undo["id"]}
    return World(chat, people, bystander, group, in_group, in_private, sessions, filename, actions)

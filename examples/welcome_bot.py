"""A bot that greets whoever comes into its groups, and says what a group is about and who looks after it.

CHAT_URL=http://localhost:8000 CHAT_TOKEN=… python examples/welcome_bot.py

Invite it to a group; then ``@welcome about`` and ``@welcome admins`` ask it.
"""

from chatd.client import Bot, GroupPlace, Membership, Message, MyGroup

bot = Bot.from_environment(accept_invitations=True)


@bot.on("membership")
async def greet(event: Membership) -> None:
    """Say hello to somebody who has joined, and, on coming in, to all."""
    if event.how == "joined":
        is_me = event.user_id == bot.client.myself.id
        text = "Hello! I greet whoever comes in." if is_me else f"Welcome, @{event.user.username}!"
        await bot.say(GroupPlace(event.group_id), text)


@bot.command("about")
async def about(message: Message, _: str) -> str:
    """Say what the group is about."""
    found = await bot.client.groups.get(message.group_id) if message.group_id is not None else None
    description = found.group.description if isinstance(found, MyGroup) else None
    return description or "Nobody has written that down yet."


@bot.command("admins")
async def admins(message: Message, _: str) -> str | None:
    """Say who looks after the group."""
    if message.group_id is None:
        return None
    people = []
    for role in ("owner", "admin"):
        page = await bot.client.groups.members(message.group_id, role=role)
        people += [each.user.nickname for each in page.members]
    return f"Ask {', '.join(people)}."


@bot.named
def explain(message: Message, _: str) -> str:
    """Say what one may ask."""
    return f"Ask me: @{bot.client.myself.username} about, @{bot.client.myself.username} admins"


if __name__ == "__main__":
    bot.main()

"""A bot that silences whoever floods a group, for five minutes, with a reason that everybody can read.

CHAT_URL=http://localhost:8000 CHAT_TOKEN=… python examples/guard_bot.py

Invite it to a group and make it an admin there. An admin who thinks otherwise writes ``@guard undo``, or takes it back
in the audit log, where all that it does stands.
"""

from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta

from chatd.client import Action, Bot, Message, NewMessage, Refused

#: More messages than this in so long are a flood.
MESSAGES, WITHIN = 8, timedelta(seconds=10)

#: How long who floods is silent.
SILENCE = timedelta(minutes=5)

bot = Bot.from_environment(accept_invitations=True)

#: When each member of each group wrote last.
written: defaultdict[tuple[int, int], deque[datetime]] = defaultdict(lambda: deque(maxlen=MESSAGES + 1))

#: Since when somebody is silent: what they wrote until then has been dealt with.
silenced_at: dict[tuple[int, int], datetime] = {}


def is_flood(times: deque[datetime], at: datetime) -> bool:
    """Note one more message, and report whether they are too many."""
    times.append(at)
    return len(times) > MESSAGES and at - times[0] <= WITHIN


@bot.on("new_message")
async def watch(event: NewMessage) -> None:
    """Silence who floods, and say so."""
    message = event.message
    if message.group_id is None:
        return
    who, until = (message.group_id, message.sender_id), message.created_at + SILENCE
    times = written[who]
    if who in silenced_at and message.created_at <= silenced_at[who]:
        return
    if not is_flood(times, message.created_at) or until < datetime.now(UTC):
        return
    times.clear()
    reason = f"more than {MESSAGES} messages in {WITHIN.seconds} seconds"
    try:
        [action] = await bot.client.groups.act(
            message.group_id, "silence", message.sender_id, until=until, reason=reason
        )
    except Refused as error:
        if error.code != "forbidden":  # it is no admin, or the other one is
            raise
        return
    silenced_at[who] = action.created_at
    minutes = SILENCE.seconds // 60
    await bot.reply(message, f"@{message.sender.username} is silent for {minutes} minutes: {reason}.")


@bot.command("undo")
async def undo(message: Message, _: str) -> str | None:
    """Take the last silence back, when an admin says so."""
    if message.group_id is None:
        return None
    found = await bot.client.groups.members(message.group_id, message.sender.username)
    roles = {each.user.id: each.role for each in found.members}
    if roles.get(message.sender_id, "member") == "member":
        return "Only admins may ask for that."
    action = await last_silence(message.group_id)
    if action is None or action.user is None:
        return "Nobody is silent because of me."
    await bot.client.groups.undo(message.group_id, action)
    return f"@{action.user.username} may write again."


async def last_silence(group_id: int) -> Action | None:
    """Return the newest silence in force that is the bot's own doing."""
    page = await bot.client.groups.actions(group_id, kind="silence", active=True)
    return next((each for each in page.actions if each.actor.id == bot.client.myself.id), None)


if __name__ == "__main__":
    bot.main()

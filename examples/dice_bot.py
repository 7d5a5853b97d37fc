"""A bot that rolls dice: ``!roll``, ``!roll 20``, ``!roll 3d6``.

CHAT_URL=http://localhost:8000 CHAT_TOKEN=… python examples/dice_bot.py
"""

import random
import re

from chatd.client import Bot, Event, Message

bot = Bot.from_environment()


@bot.command("roll")
def roll(message: Message, dice: str) -> str:
    """Roll some dice."""
    match = re.fullmatch(r"(?:([1-9][0-9]?)d)?([1-9][0-9]{0,5})", dice.strip() or "6")
    if match is None:
        return "I roll dice such as 6, 20 or 3d6."
    rolled = [random.randint(1, int(match[2])) for _ in range(int(match[1] or 1))]  # noqa: S311
    return f"🎲 {' + '.join(map(str, rolled))} = {sum(rolled)}" if len(rolled) > 1 else f"🎲 {rolled[0]}"


@bot.error
def note(error: Exception, event: Event) -> None:
    """Say what went wrong, in one line."""
    print(f"{event.type}: {error}")  # noqa: T201


if __name__ == "__main__":
    bot.main()

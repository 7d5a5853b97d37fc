"""A bot that says what it hears.

CHAT_URL=http://localhost:8000 CHAT_USERNAME=echo CHAT_PASSWORD=… python examples/echo_bot.py
"""

import os

from chatd.client import Bot, NewMessage

bot = Bot(
    os.environ.get("CHAT_URL", "http://localhost:8000"),
    username=os.environ["CHAT_USERNAME"],
    password=os.environ["CHAT_PASSWORD"],
    cursor_file=os.environ.get("CHAT_CURSOR_FILE"),
)


@bot.on("new_message")
async def echo(event: NewMessage) -> None:
    """Say it again, and mark it as read."""
    await bot.reply(event.message, event.message.content)
    await bot.client.read(event.message)


if __name__ == "__main__":
    bot.run()

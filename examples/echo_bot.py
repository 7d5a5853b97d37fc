"""A bot that says what it hears.

CHAT_URL=http://localhost:8000 CHAT_TOKEN=… python examples/echo_bot.py
"""

from chatd.client import Bot, NewMessage

bot = Bot.from_environment()


@bot.on("new_message")
async def echo(event: NewMessage) -> None:
    """Say it again, and mark it as read."""
    await bot.reply(event.message, event.message.content)
    await bot.client.read(event.message)


if __name__ == "__main__":
    bot.main()

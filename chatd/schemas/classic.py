"""The classic dialect's frames."""

from chatd.models import Message
from chatd.schemas.codec import decode, encode
from chatd.schemas.message_json import classic_message

CLASSIC_PONG = encode({"type": "pong"})


def classic_new_message(message: Message) -> bytes:
    """Return the one event the classic dialect has."""
    return f'{{"type":"new_message","data":{classic_message(message)}}}'.encode()


def is_ping(text: str) -> bool:
    """Tell whether a classic client's frame is a ping; anything else it sends means nothing, a byte order mark too."""
    if text.startswith("\ufeff"):
        return False
    try:
        frame = decode(text)
    except ValueError:
        return False
    return isinstance(frame, dict) and frame.get("type") == "ping"

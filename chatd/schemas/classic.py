"""The frames of the classic dialect."""

from chatd.models import Message
from chatd.schemas.codec import decode, encode
from chatd.schemas.message_json import classic_message

CLASSIC_PONG = encode({"type": "pong"})


def classic_new_message(message: Message) -> bytes:
    """Return the frame of a new message, the only event of the classic dialect."""
    return f'{{"type":"new_message","data":{classic_message(message)}}}'.encode()


def is_ping(text: str) -> bool:
    """Report whether a classic client's frame is a ping; a frame with a byte order mark is not."""
    if text.startswith("\ufeff"):
        return False
    try:
        frame = decode(text)
    except ValueError:
        return False
    return isinstance(frame, dict) and frame.get("type") == "ping"

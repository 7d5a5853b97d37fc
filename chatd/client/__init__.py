"""A client of a chatd server, and what bots are made of. It needs aiohttp, and nothing of the server.

``docs/client.md`` begins with a bot of ten lines.
"""

from chatd.client.backoff import Backoff
from chatd.client.bot import Bot
from chatd.client.client import Client
from chatd.client.errors import (
    ChatError,
    Disconnected,
    NotAllowed,
    NotConfigured,
    ProtocolError,
    RateLimited,
    Refused,
    SessionEnded,
    Stopped,
    TokenMissing,
    TooManyConnections,
    Unreachable,
)
from chatd.client.events import (
    Event,
    Membership,
    MessageDeleted,
    MessageEdited,
    NewMessage,
    Presence,
    PresenceList,
    Profile,
    Reaction,
    Read,
    Resync,
    Typing,
)
from chatd.client.models import (
    Brief,
    Conversation,
    Conversations,
    Cursor,
    Emoji,
    Group,
    Health,
    History,
    Message,
    MessagePage,
    Session,
    User,
)
from chatd.client.places import GroupPlace, Place, UserPlace
from chatd.client.program import run_program
from chatd.client.rest import Rest
from chatd.client.stream import EventStream

__all__ = [
    "Backoff",
    "Bot",
    "Brief",
    "ChatError",
    "Client",
    "Conversation",
    "Conversations",
    "Cursor",
    "Disconnected",
    "Emoji",
    "Event",
    "EventStream",
    "Group",
    "GroupPlace",
    "Health",
    "History",
    "Membership",
    "Message",
    "MessageDeleted",
    "MessageEdited",
    "MessagePage",
    "NewMessage",
    "NotAllowed",
    "NotConfigured",
    "Place",
    "Presence",
    "PresenceList",
    "Profile",
    "ProtocolError",
    "RateLimited",
    "Reaction",
    "Read",
    "Refused",
    "Rest",
    "Resync",
    "Session",
    "SessionEnded",
    "Stopped",
    "TokenMissing",
    "TooManyConnections",
    "Typing",
    "Unreachable",
    "User",
    "UserPlace",
    "run_program",
]

"""What the server answers, as frozen dataclasses. Fields a newer server adds are ignored."""

from chatd.client.models.conversations import Conversation, Conversations
from chatd.client.models.groups import Group, MeInGroup, Preview, Rules
from chatd.client.models.messages import Emoji, History, Message, MessagePage
from chatd.client.models.people import Brief, Cursor, Health, Json, Session, User, moment, moment_or_none

__all__ = [
    "Brief",
    "Conversation",
    "Conversations",
    "Cursor",
    "Emoji",
    "Group",
    "Health",
    "History",
    "Json",
    "MeInGroup",
    "Message",
    "MessagePage",
    "Preview",
    "Rules",
    "Session",
    "User",
    "moment",
    "moment_or_none",
]

"""Who follows the change log, each by name.

A :class:`Consumer` is called with what this process commits, and forgets with the process. A
:class:`~chatd.consumers.durable.DurableConsumer` reads the log from a cursor that is kept in the database.
"""

from chatd.consumers.community import CommunityChanges
from chatd.consumers.consumer import Consumer, Consumers
from chatd.consumers.durable import DurableConsumer
from chatd.consumers.erasing import Erasing
from chatd.consumers.others import OtherProcesses
from chatd.consumers.presence import Presence
from chatd.consumers.removing import Removing
from chatd.consumers.session_ends import SessionEnds
from chatd.consumers.sockets import Sockets

__all__ = [
    "CommunityChanges",
    "Consumer",
    "Consumers",
    "DurableConsumer",
    "Erasing",
    "OtherProcesses",
    "Presence",
    "Removing",
    "SessionEnds",
    "Sockets",
]

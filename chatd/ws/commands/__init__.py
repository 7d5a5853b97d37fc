"""The commands of chatd.v2: each is a function and the schema of its data, in the file of its noun."""

from collections.abc import Mapping

from chatd.ws.commands import conversations, messages, reactions, syncing
from chatd.ws.commands.command import Command

#: Every command there is, by its type.
COMMANDS: Mapping[str, Command] = {
    **syncing.COMMANDS,
    **messages.COMMANDS,
    **reactions.COMMANDS,
    **conversations.COMMANDS,
}

__all__ = ["COMMANDS", "Command"]

"""The commands of chatd.v2: each is a function, in its noun's file, and a form in :mod:`chatd.schemas.commands`."""

from collections.abc import Mapping

from chatd.schemas.commands import COMMANDS as FORMS
from chatd.ws.commands import conversations, messages, reactions, syncing
from chatd.ws.commands.command import Command

_RUN = {**syncing.COMMANDS, **messages.COMMANDS, **reactions.COMMANDS, **conversations.COMMANDS}

#: Every command, by type.
COMMANDS: Mapping[str, Command] = {name: Command(form, _RUN[name]) for name, form in FORMS.items()}

__all__ = ["COMMANDS", "Command"]

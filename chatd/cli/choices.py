"""What administrators have chosen in the browser, for commands that say what holds."""

from typing import TYPE_CHECKING

from chatd.cli import streams
from chatd.errors import ChatError, DatabaseUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatd.config import Config


def chosen(settings: "Config") -> "Mapping[str, str | bytes]":
    """Return what is chosen, by the names of the settings; nothing, and a line that says so, where it cannot be read.

    The database is neither made nor upgraded.
    """
    from chatd.storage import settings as kept
    from chatd.storage import stores

    try:
        if not settings.database.url and not settings.database_file.is_file():
            return {}
        if stores.current_version(settings.store) != stores.newest_version(settings.store):
            return {}
        with stores.snapshot(settings.store) as db:
            return kept.all_of(db)
    except (ChatError, DatabaseUnusable, OSError) as error:
        streams.tell(f"what was chosen in the browser cannot be read: {error}")
        return {}

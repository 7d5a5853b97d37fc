"""The configuration: every setting, and the values in force."""

from chatd.config.listing import Setting, settings, to_toml
from chatd.config.loading import SEARCH, load
from chatd.config.settings import (
    PREFIX,
    SECTIONS,
    Accounts,
    Backup,
    Config,
    Database,
    Groups,
    Limits,
    Log,
    Metrics,
    Server,
    Web,
)

__all__ = [
    "PREFIX",
    "SEARCH",
    "SECTIONS",
    "Accounts",
    "Backup",
    "Config",
    "Database",
    "Groups",
    "Limits",
    "Log",
    "Metrics",
    "Server",
    "Setting",
    "Web",
    "load",
    "settings",
    "to_toml",
]

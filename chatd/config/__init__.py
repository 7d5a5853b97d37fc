"""The configuration: every setting, and the values in force."""

from chatd.config.loading import SEARCH, load
from chatd.config.settings import (
    PREFIX,
    SECTIONS,
    Accounts,
    Backup,
    Config,
    Limits,
    Log,
    Metrics,
    Server,
    Setting,
    Web,
    settings,
    to_toml,
)

__all__ = [
    "PREFIX",
    "SEARCH",
    "SECTIONS",
    "Accounts",
    "Backup",
    "Config",
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

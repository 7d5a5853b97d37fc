"""What keeps the server from running."""


class ConfigurationError(Exception):
    """The server cannot start as it is configured. The text is one line for the operator."""


class AlreadyServed(ConfigurationError):
    """Another server uses the data directory. The text is one line for the operator."""


class DatabaseUnusable(Exception):
    """The database file cannot be used by this program. The text is one line for the operator."""


class BackupFailed(Exception):
    """A backup could not be made. The text is one line for the operator."""

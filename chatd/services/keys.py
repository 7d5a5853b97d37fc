"""The key that signs tokens."""

import os
import secrets

from chatd import data_dir
from chatd.config import Config
from chatd.storage import stores


def is_shared(config: Config) -> bool:
    """Report whether the key is where everything is stored, for every process that serves from there."""
    return bool(config.database.url) and not is_brought()


def own(config: Config) -> bytes:
    """Return a key that is not shared: that of a credential or the data directory, where it is made at the first start.

    :raises ConfigurationError: it is too short, or readable by others.
    """
    return data_dir.signing_key(config.data_dir, _credentials())


def signing_key(config: Config) -> bytes:
    """Return the key, whose database is there already if it is shared.

    :raises ConfigurationError: see :func:`own`.
    :raises DatabaseUnusable: a shared key could not be read.
    """
    if not is_shared(config):
        return own(config)
    return stores.shared_key(config.store, lambda: secrets.token_bytes(data_dir.KEY_BYTES))


def to_share(config: Config) -> bytes | None:
    """Return the key of the data directory, for all processes to share; None where a credential brings one, or where
    none has been made.

    :raises ConfigurationError: see :func:`own`.
    """
    is_there = data_dir.key_path(config.data_dir).exists()
    return own(config) if is_there and not is_brought() else None


def is_brought() -> bool:
    """Report whether a credential brings the key."""
    return data_dir.has_credential(_credentials())


def _credentials() -> str | None:
    """Return the directory of systemd's credentials."""
    return os.environ.get("CREDENTIALS_DIRECTORY")

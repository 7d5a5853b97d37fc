"""What is kept of a message's content as first sent, to tell a repeated ``client_id`` from a reused one.

While a message is as it was sent, that is nothing; once it was edited, a digest; once deleted, a salt and 32 bits.
Those few bits agree with one text in four billion: whoever tries all texts that somebody may have written finds many.
"""

import hashlib
import secrets

_SALT_SIZE = 8

#: How many bytes are kept of a deleted message beside the salt.
_REST_SIZE = 4


def digest(content: str) -> bytes:
    """Return what tells later whether a content is the one first sent."""
    return hashlib.blake2b(content.encode(), digest_size=16).digest()


def rest_of(first_digest: bytes) -> bytes:
    """Return what is kept of a digest when its message is deleted."""
    salt = secrets.token_bytes(_SALT_SIZE)
    return salt + _rest(first_digest, salt)


def is_rest_of(kept: bytes, content: str) -> bool:
    """Tell whether a deleted message, of which ``kept`` is kept, was first sent with ``content``."""
    salt, rest = kept[:_SALT_SIZE], kept[_SALT_SIZE:]
    return _rest(digest(content), salt) == rest


def _rest(first_digest: bytes, salt: bytes) -> bytes:
    return hashlib.blake2b(first_digest, digest_size=_REST_SIZE, salt=salt).digest()

"""Traces of a message's first content, to tell a repeated ``client_id`` from a reused one.

An unchanged message needs none, an edited one has a digest, and a deleted one a salt and 32 bits. One text in four
billion matches so few bits: whoever tries every text that somebody may have written finds many.
"""

import hashlib
import secrets

_DIGEST_SIZE = 16

_SALT_SIZE = 8

#: How many bytes of a deleted message are kept besides the salt.
_REST_SIZE = 4


def digest(content: str) -> bytes:
    """Return a digest by which a content is later recognised as the one first sent."""
    return hashlib.blake2b(content.encode(), digest_size=_DIGEST_SIZE).digest()


def is_whole(kept: bytes | None) -> bool:
    """Report whether what is kept of a content is its digest, as of messages that are edited or removed."""
    return kept is not None and len(kept) == _DIGEST_SIZE


def rest_of(first_digest: bytes) -> bytes:
    """Return what remains of a digest when its message is deleted."""
    salt = secrets.token_bytes(_SALT_SIZE)
    return salt + _rest(first_digest, salt)


def is_rest_of(kept: bytes, content: str) -> bool:
    """Report whether a deleted message, of which ``kept`` remains, was first sent with ``content``."""
    salt, rest = kept[:_SALT_SIZE], kept[_SALT_SIZE:]
    return _rest(digest(content), salt) == rest


def _rest(first_digest: bytes, salt: bytes) -> bytes:
    return hashlib.blake2b(first_digest, digest_size=_REST_SIZE, salt=salt).digest()

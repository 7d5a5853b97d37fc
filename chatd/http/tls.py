"""TLS without a proxy."""

import re
import ssl
from pathlib import Path
from typing import NoReturn

from chatd.errors import ConfigurationError

#: How OpenSSL recognizes the two in a file: https://docs.openssl.org/3.0/man3/PEM_read_bio_PrivateKey/
_CERTIFICATE = rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----"
_KEY = rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"

#: OpenSSL's reasons for a key that belongs to another certificate, of the same kind or of another.
_APART = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context for TLS 1.2 or newer.

    :param certificate: a PEM file with the certificate chain.
    :param key: a PEM file with its private key.
    :raises ConfigurationError: the files cannot be read, or do not belong together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    load_certificate(context, certificate, key)
    return context


def load_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Use a certificate for new connections on ``context``; if it cannot be used, nothing changes.

    :raises ConfigurationError: the files cannot be read, or do not belong together, or the key has a passphrase.
    """

    def refuse() -> NoReturn:  # OpenSSL would ask on the terminal, and block the server until it is answered
        raise ConfigurationError(
            f"the key {key} has a passphrase, which chatd does not ask for: remove it, "
            f"for example with `openssl pkey -in {key} -out NEW`"
        )

    _require_pem(certificate, _CERTIFICATE, "certificate")
    _require_pem(key, _KEY, "private key")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, refuse)
        context.load_cert_chain(certificate, key, refuse)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"the certificate {certificate} with the key {key} cannot be used: {_reason(error)}"
        ) from error


def _require_pem(path: str, marks: bytes, what: str) -> None:
    """Check that a file has what it should; OpenSSL says neither which of the two is wrong nor why."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the {what} {path} cannot be read: {error.strerror}") from error
    if not re.search(marks, content):
        raise ConfigurationError(f"there is no {what} in the form PEM in {path}")


def _reason(error: OSError) -> str:
    """Return OpenSSL's reason in words for people."""
    if isinstance(error, ssl.SSLError):
        if error.reason in _APART:
            return "the key is not the certificate's"
        if error.reason is None:
            return "one of them is damaged"
        return error.reason.replace("_", " ").lower()
    return error.strerror or str(error)

"""Speaking TLS without a proxy."""

import ssl
from typing import NoReturn

from chatd.errors import ConfigurationError


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context that speaks TLS 1.2 or newer.

    :param certificate: a PEM file with the certificate chain.
    :param key: a PEM file with its private key.
    :raises ConfigurationError: they cannot be read, or do not belong together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    load_certificate(context, certificate, key)
    return context


def load_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Have new connections on ``context`` use a certificate; one that cannot be used changes nothing.

    :raises ConfigurationError: the files cannot be read, or do not belong together, or the key wants a passphrase.
    """

    def refuse() -> NoReturn:  # OpenSSL would ask on the terminal, and everybody would wait for the answer
        raise ConfigurationError(
            f"the key {key} wants a passphrase, and chatd asks for none: write it without one, "
            f"as `openssl pkey -in {key} -out NEW` does"
        )

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, refuse)
        context.load_cert_chain(certificate, key, refuse)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"the certificate {certificate} with the key {key} cannot be used: {error}") from error

"""Fixtures: a certificate, and a server that speaks TLS itself."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import TCPConnector
from pytest_aiohttp.plugin import AiohttpClient

from chatd.serve import Server
from tests.support import Chat, RealServer, settings


@dataclass
class Certificates:
    """The files a server reads its certificate from, and who trusts it."""

    authority: trustme.CA
    certificate: Path
    key: Path
    context: ssl.SSLContext

    def issue(self) -> None:
        """Put a new certificate into the files."""
        issued = self.authority.issue_cert("127.0.0.1")
        issued.private_key_pem.write_to_path(self.key)
        issued.cert_chain_pems[0].write_to_path(self.certificate)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """A certificate for 127.0.0.1 and a client's context that trusts it."""
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    made = Certificates(authority, tmp_path / "certificate.pem", tmp_path / "key.pem", context)
    made.issue()
    return made


@pytest.fixture
def start_tls(
    tmp_path: Path, aiohttp_client: AiohttpClient, certificates: Certificates, fast: bool
) -> Callable[[], Awaitable[Chat]]:
    """Start a server that speaks TLS, with a client that trusts it."""

    async def start() -> Chat:
        files: dict[str, Any] = {"tls_cert": str(certificates.certificate), "tls_key": str(certificates.key)}
        server = Server(settings(tmp_path / "data", server=files), fast=fast)
        connector = TCPConnector(ssl=certificates.context, force_close=True)
        return Chat(await aiohttp_client(RealServer(server), connector=connector), server)

    return start

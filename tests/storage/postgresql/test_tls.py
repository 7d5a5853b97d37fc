"""TLS to PostgreSQL: the server proves who it is, or chatd does not start."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from tests.listener import Listener
from tests.postgresql import Cluster
from tests.process import ServerProcess, chatd, client_of
from tests.support import register

#: The number in place of a version with which a client asks for TLS:
#: https://www.postgresql.org/docs/current/protocol-message-formats.html
_TLS = 80877103


class Secured(NamedTuple):
    """A PostgreSQL that speaks TLS, with a certificate for ``localhost``."""

    port: int
    database: str
    authority: Path
    #: How many connections have used TLS.
    used: list[str]

    def url(self, host: str, authority: Path) -> str:
        """Return the URL for somebody who trusts an authority."""
        options = f"sslmode=verify-full&sslrootcert={authority}"
        return f"postgresql://postgres@{host}:{self.port}/{self.database}?{options}"


@pytest.fixture
async def secured(tmp_path: Path, cluster: Cluster, url: str) -> AsyncIterator[Secured]:
    """A PostgreSQL that speaks TLS alone.

    That of the wheel is built without it, so a line before it speaks it, as a proxy does.
    """
    made, context, used = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), list[str]()
    made.issue_cert("localhost").configure_cert(context)
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "another.pem"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while struct.unpack(">II", await reader.readexactly(8))[1] != _TLS:
            writer.write(b"N")  # Kerberos
        writer.write(b"S")
        await writer.start_tls(context)
        used.append(writer.get_extra_info("ssl_object").version())
        far_reader, far_writer = await listener.connect_unix(cluster.directory / ".s.PGSQL.5432")
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    name = url.removeprefix("postgresql:///").partition("?")[0]
    async with Listener(serve) as listener:
        yield Secured(listener.port, name, tmp_path / "authority.pem", used)


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass everything on, and the end."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()


async def test_a_server_with_the_right_name_and_authority_is_used(tmp_path: Path, secured: Secured) -> None:
    server = ServerProcess(tmp_path / "data", CHATD_DATABASE_URL=secured.url("localhost", secured.authority))
    await asyncio.to_thread(server.start)
    try:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            await alice.send(bob, "hello")
    finally:
        await asyncio.to_thread(server.kill)
    assert set(secured.used) == {"TLSv1.3"}


@pytest.mark.parametrize(
    ("host", "authority", "told"),
    [
        ("127.0.0.1", "authority", 'server certificate for "localhost" does not match host name "127.0.0.1"'),
        ("localhost", "another", "certificate verify failed"),
        ("localhost", "none", "none.pem"),
    ],
)
async def test_another_name_or_another_authority_is_refused_in_one_line(
    tmp_path: Path, secured: Secured, host: str, authority: str, told: str
) -> None:
    url = secured.url(host, tmp_path / f"{authority}.pem")
    done = await asyncio.to_thread(chatd, tmp_path / "data", "serve", "--port", "0", CHATD_DATABASE_URL=url)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "PostgreSQL cannot be reached" in done.stderr
    assert told in done.stderr

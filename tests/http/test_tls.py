"""TLS without a proxy, and a new certificate without a restart."""

import contextlib
import ssl
from collections.abc import Awaitable, Callable

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from chatd.delivery.connection import SocketTimeouts
from chatd.errors import ConfigurationError
from chatd.http.context import REGISTRY
from chatd.http.tls import tls_context
from tests.http.conftest import Certificates
from tests.loop_time import LoopTime
from tests.raw import Raw, connect
from tests.support import Chat, until

StartTls = Callable[[], Awaitable[Chat]]

GET = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"


def shown(raw: Raw) -> bytes:
    """Return the certificate a connection was made with, in DER."""
    connection: ssl.SSLObject = raw.writer.get_extra_info("ssl_object")
    certificate = connection.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate


def on_disk(certificates: Certificates) -> bytes:
    """Return the certificate the files hold, in DER."""
    return ssl.PEM_cert_to_DER_cert(certificates.certificate.read_text())


async def is_answered(raw: Raw) -> bool:
    """Report whether a request over the connection is answered."""
    await raw.send(GET)
    return (await raw.answer())[0] == 200


async def test_requests_and_sockets_work_over_tls(start_tls: StartTls) -> None:
    chat = await start_tls()
    assert chat.server.url.startswith("https://127.0.0.1:")
    alice, bob = await chat.people("alice", "bobby")
    socket = await bob.connect()
    await socket.ping()
    message = await alice.send(bob, "over TLS")
    assert await socket.receive() == {"type": "new_message", "data": message}


async def test_a_client_without_tls_gets_no_answer_and_raises_no_alarm(
    start_tls: StartTls, caplog: pytest.LogCaptureFixture
) -> None:
    chat = await start_tls()
    async with connect(chat) as raw:
        with contextlib.suppress(ConnectionError):
            await raw.send(GET)
        assert b"HTTP/" not in await raw.ended()
    async with chat.client.get("/health") as response:
        assert response.status == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_client_that_does_not_trust_the_certificate_raises_no_alarm(
    start_tls: StartTls, caplog: pytest.LogCaptureFixture
) -> None:
    chat = await start_tls()
    with pytest.raises(ssl.SSLCertVerificationError):
        async with connect(chat, tls=ssl.create_default_context()):
            pass
    async with chat.client.get("/health") as response:
        assert response.status == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("why", ["the client leaves too much unread", "the client has stopped reading"])
async def test_a_socket_that_reads_nothing_is_dropped_and_raises_no_alarm(
    start_tls: StartTls, certificates: Certificates, loop_time: LoopTime, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    caplog.set_level("INFO", "chatd")
    chat = await start_tls()
    alice, bob = await chat.people("alice", "bobby")
    registry = chat.server.app[REGISTRY]
    async with connect(chat, tls=certificates.context, receive_buffer=4096) as raw:
        await raw.upgrade(bob.token)
        raw.transport.pause_reading()
        await until(lambda: registry.of(bob.id))
        (connection,) = registry.of(bob.id)
        while registry.of(bob.id):
            if connection._transport.get_write_buffer_size() and why == "the client has stopped reading":
                await loop_time.forward(SocketTimeouts().stall)
            else:
                await alice.send(bob, "💥" * 2000)
    async with chat.client.get("/health") as response:
        assert response.status == 200
    assert [record.getMessage() for record in caplog.records if "dropped" in record.getMessage()] == [f"dropped: {why}"]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on(
    start_tls: StartTls, certificates: Certificates
) -> None:
    chat = await start_tls()
    first = on_disk(certificates)
    async with connect(chat, tls=certificates.context) as before:
        assert shown(before) == first
        certificates.issue()
        second = on_disk(certificates)
        async with connect(chat, tls=certificates.context) as still:
            assert shown(still) == first
        chat.server.reload()
        async with connect(chat, tls=certificates.context) as after:
            assert shown(after) == second != first
            assert await is_answered(after)
        assert await is_answered(before)


@pytest.mark.parametrize("broken", ["certificate", "key", "both", "missing", "mismatch"])
async def test_a_certificate_that_cannot_be_used_is_logged_and_the_old_one_stays(
    start_tls: StartTls, certificates: Certificates, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    chat = await start_tls()
    first = on_disk(certificates)
    key = certificates.key.read_text()
    certificates.issue()
    if broken in ("certificate", "both"):
        certificates.certificate.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    if broken in ("key", "both"):
        certificates.key.write_text("")
    if broken == "missing":
        certificates.certificate.unlink()
    if broken == "mismatch":
        certificates.key.write_text(key)
    chat.server.reload()
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert line.getMessage().startswith("the old certificate stays: ")
    assert str(certificates.key if broken in ("key", "both") else certificates.certificate) in line.getMessage()
    assert line.exc_info is None
    async with connect(chat, tls=certificates.context) as raw:
        assert shown(raw) == first
        assert await is_answered(raw)


async def test_a_certificate_that_is_mended_is_used_at_the_next_reload(
    start_tls: StartTls, certificates: Certificates
) -> None:
    chat = await start_tls()
    certificates.key.write_text("broken")
    chat.server.reload()
    certificates.issue()
    chat.server.reload()
    async with connect(chat, tls=certificates.context) as raw:
        assert shown(raw) == on_disk(certificates)


async def test_a_reload_without_tls_changes_nothing(chat: Chat) -> None:
    chat.server.reload()
    async with chat.client.get("/health") as response:
        assert response.status == 200


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
async def test_a_key_that_wants_a_passphrase_is_refused_and_nobody_is_asked(
    start_tls: StartTls, certificates: Certificates, form: PrivateFormat, caplog: pytest.LogCaptureFixture
) -> None:
    chat = await start_tls()
    first = on_disk(certificates)
    certificates.issue()
    key = load_pem_private_key(certificates.key.read_bytes(), None)
    certificates.key.write_bytes(key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"secret")))
    refusal = f"the key {certificates.key} has a passphrase, which chatd does not ask for"
    chat.server.reload()
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert line.getMessage().startswith(f"the old certificate stays: {refusal}")
    async with connect(chat, tls=certificates.context) as raw:
        assert shown(raw) == first
    with pytest.raises(ConfigurationError, match=refusal):
        tls_context(str(certificates.certificate), str(certificates.key))


async def test_a_certificate_that_cannot_be_used_is_said_to_be_what_it_is(certificates: Certificates) -> None:
    certificate, key = certificates.certificate, certificates.key
    good, secret = certificate.read_bytes(), key.read_bytes()
    certificates.issue()
    cases = [
        (good, None, f"the private key {key} cannot be read: No such file or directory"),
        (None, secret, f"the certificate {certificate} cannot be read: No such file or directory"),
        (good, b"", f"there is no private key in the form PEM in {key}"),
        (b"", secret, f"there is no certificate in the form PEM in {certificate}"),
        (ssl.PEM_cert_to_DER_cert(good.decode()), secret, f"there is no certificate in the form PEM in {certificate}"),
        (secret, good, f"there is no certificate in the form PEM in {certificate}"),
        (good, key.read_bytes(), "the key is not the certificate's"),
        (good[:-100], secret, "one of them is damaged"),
        (good, secret[:-60], "one of them is damaged"),
    ]
    for chain, private, said in cases:
        for path, content in ((certificate, chain), (key, private)):
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
        with pytest.raises(ConfigurationError) as refused:
            tls_context(str(certificate), str(key))
        assert str(refused.value).endswith(said)
        assert "[" not in str(refused.value)  # OpenSSL's own words
    certificate.write_bytes(good + secret)  # one file may have both
    tls_context(str(certificate), str(certificate))

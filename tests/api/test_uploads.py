"""Forms with a file in them, as bytes."""

import io
import json

import pytest

from chatd.api.bodies import MAX_BODY, MAX_UPLOAD, UploadBody
from chatd.api.forms import MAX_FIELDS
from tests.api.support import path_to, table, unharmed
from tests.api.test_avatars import picture
from tests.raw import Raw, connect
from tests.support import Chat, Person, error_of

PNG = picture("PNG", (20, 10))
FILE = 'Content-Disposition: form-data; name="file"; filename="me.png"\r\nContent-Type: image/png'
TYPE = "multipart/form-data; boundary=b"


def part(head: str = FILE, content: bytes = PNG, boundary: str = "b") -> bytes:
    """Return one part of a form, with the line before it."""
    return f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def form(*parts: bytes, boundary: str = "b") -> bytes:
    """Return a form of parts."""
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


TEXT = part('Content-Disposition: form-data; name="ignored"', b"text")


async def upload(person: Person, body: bytes, content_type: str = TYPE) -> tuple[int, str]:
    """Upload a form; return the status, and the code of an error."""
    headers = {"Content-Type": content_type}
    async with await person.request("POST", "/files/upload/avatar", data=io.BytesIO(body), headers=headers) as response:
        return (200, "") if response.status == 200 else await error_of(response)


WELL_FORMED = [
    (TYPE, form(part())),
    ('Multipart/Form-Data; Boundary="b"', form(part())),
    ("multipart/form-data;charset=utf-8;boundary=b;x=y", form(part())),
    ("multipart/form-data; boundary=b; boundary=c", form(part())),
    ('multipart/form-data; boundary="a \\"(c)\\"=?"', form(part(boundary='a "(c)"=?'), boundary='a "(c)"=?')),
    (f"multipart/form-data; boundary={'x' * 70}", form(part(boundary="x" * 70), boundary="x" * 70)),
    (TYPE, form(part("content-disposition:form-data;name=file"))),
    (TYPE, form(part(FILE.replace("; ", ";\r\n ")))),
    (TYPE, form(part(FILE.replace("; ", "\r\n\t;")))),
    (TYPE, form(part('Content-Disposition: form-data; filename="a\\"; name=\\"x"; name="file"'))),
    (TYPE, form(part("Content-Disposition: form-data; filename*=punycode''%ff; name=file"))),
    *(
        (TYPE, form(part(f"{FILE}; charset={name}")))
        for name in ("binary", "utf-8", '"UTF-8"', "us-ascii", "iso-8859-1", "")
    ),
    *((TYPE, form(part(f"{FILE}\r\nContent-Transfer-Encoding: {name}"))) for name in ("binary", "8bit", "7BIT")),
    (TYPE, b"to be passed over\r\n" + form(part())),
    *((TYPE, form(part()) + epilogue) for epilogue in (b"to be passed over", b"-" * 1_000_000, b"--b\r\n" * 1000)),
    (TYPE, form(part()).replace(b"--b\r\n", b"--b \t\r\n")),
    (TYPE, form(TEXT, part(), TEXT)),
    (TYPE, form(part(), part(content=b"no picture"))),
    (TYPE, form(*[TEXT] * (MAX_FIELDS - 1), part())),
]


def test_a_file_is_found_in_every_well_formed_form() -> None:
    for content_type, body in WELL_FORMED:
        assert UploadBody("file")._parser(content_type)(body) == {"file": PNG}, (content_type, body[:200])


async def test_an_uploaded_file_is_taken(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for content_type, body in (WELL_FORMED[0], WELL_FORMED[-1]):  # each picture costs a process
            assert await upload(mallory, body, content_type) == (200, "")


MALFORMED = [
    *((kind, form(part())) for kind in ("multipart/form-data", "multipart/form-data; boundary=")),
    *((f"multipart/form-data; boundary={name}", form(part())) for name in ("b" * 71, '"b "', "c", "\xe9")),
    *((TYPE, body) for body in (b"", b"b", b"--", b"--b", b"--b\r\n", b"\r\n--b", b"nonsense", part(), part()[:-30])),
    (TYPE, form(part()).replace(b"\r\n", b"\n")),
    (TYPE, form(part()).replace(b"--b\r\n", b"--bad\r\n")),
    (TYPE, form(part())[:-4]),
    *((TYPE, form(part(head))) for head in ("", "no header at all", "Content-Type: text/plain", "X: " + "x" * 10_000)),
    *((TYPE, form(part(f"Content-Disposition: {rest}"))) for rest in ("form-data", "attachment; name=file", "")),
    (TYPE, form(part("\r\n".join(f"X{number}: x" for number in range(1000))))),
    (TYPE, form(*[TEXT] * MAX_FIELDS, part())),
    (TYPE, form(*[TEXT] * 10_000)),
    (TYPE, b"--b\r\n" * 300_000),
    (TYPE, b"\r\n" * 900_000),
    (TYPE, b"--b" + b" " * 1_000_000),
]


async def test_a_form_that_is_not_well_formed_is_refused(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for content_type, body in MALFORMED:
            assert await upload(mallory, body, content_type) == (400, "malformed_form"), (content_type, body[:200])


async def test_a_form_without_the_file_is_invalid(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    names = ('"File"', '""', "*=utf-8''file", '"' + ';="' * 2000)
    others = [form(part(f"Content-Disposition: form-data; name={name}")) for name in names]
    async with unharmed(chat, caplog) as mallory:
        for body in (form(), form(TEXT), *others):
            assert await upload(mallory, body) == (422, "validation_error"), body


async def test_a_part_that_is_encoded_is_refused(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    encodings = [
        *(f"Content-Transfer-Encoding: {name}" for name in ("base64", "quoted-printable", "BASE64", "x-uuencode")),
        *("Content-Encoding: gzip", "Content-Encoding: br"),
    ]
    async with unharmed(chat, caplog) as mallory:
        for encoding in encodings:
            for body in (form(part(f"{FILE}\r\n{encoding}")), form(part(f"{encoding}\r\n{FILE}"))):
                assert await upload(mallory, body) == (415, "unsupported_media_type"), body[:200]


async def test_a_form_inside_a_form_is_no_more_than_bytes(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    nested = FILE.replace("image/png", "multipart/mixed; boundary=c")
    async with unharmed(chat, caplog) as mallory:
        body = form(part(nested, form(part(boundary="c"), boundary="c")))
        assert await upload(mallory, body) == (400, "unsupported_image")


def head(person: Person, path: str, *lines: str, method: str = "POST") -> str:
    """Return the head of a request whose body has no known length."""
    first = (
        f"{method} {path} HTTP/1.1",
        "Host: a",
        f"Authorization: Bearer {person.token}",
        "Transfer-Encoding: chunked",
    )
    return "\r\n".join((*first, *lines, "", ""))


async def refusal(raw: Raw) -> tuple[int, str]:
    """Return the status and the code of the next answer."""
    status, _, body = await raw.answer()
    return status, json.loads(body)["code"]


async def test_without_a_boundary_nothing_is_waited_for(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for route in (each for each in table(chat) if isinstance(each.body, UploadBody)):
            async with connect(chat) as raw:
                await raw.send(head(mallory, path_to(route), "Content-Type: multipart/form-data", method=route.method))
                assert await refusal(raw) == (400, "malformed_form"), route.path


async def test_an_upload_that_hides_its_size_is_refused_at_the_limit(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    limit = MAX_UPLOAD + MAX_BODY
    async with unharmed(chat, caplog) as mallory:
        for beginning in (part(), b"no delimiter ever", b"--b\r\n"):
            async with connect(chat) as raw:
                await raw.send(head(mallory, "/files/upload/avatar", f"Content-Type: {TYPE}"))
                body = beginning.ljust(limit + 1, b"x")
                await raw.send(f"{len(body):x}\r\n".encode() + body)
                assert await refusal(raw) == (413, "too_large"), beginning


async def test_an_upload_in_pieces_of_one_byte_is_read(chat: Chat) -> None:
    alice = await chat.person("alice")
    async with connect(chat) as raw:
        await raw.send(head(alice, "/files/upload/avatar", f"Content-Type: {TYPE}"))
        await raw.send(b"".join(b"1\r\n%c\r\n" % byte for byte in form(part())) + b"0\r\n\r\n")
        assert (await raw.answer())[0] == 200

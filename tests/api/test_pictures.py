"""Every kind of picture that people have: it comes out as it looks, and with nothing of theirs in it."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from tests.api.test_avatars import bomb, fetch, form_of, picture, upload
from tests.support import Chat, error_of

Colour = tuple[int, int, int]

RED, BLUE = (255, 0, 0), (0, 0, 255)

#: Of the pictures with many pixels: the most a picture may have.
LARGE = (5000, 5000)


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    """Return a picture as a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def halves(mode: str = "RGB", **options: Any) -> Image.Image:
    """Return a picture, red on the left and blue on the right."""
    image = Image.new("RGB", (90, 30), "red")
    image.paste("blue", (45, 0, 90, 30))
    return image.convert(mode, **options)


def png(width: int, height: int, depth: int, colour: int, rows: list[bytes], *others: tuple[bytes, bytes]) -> bytes:
    """Return a PNG with its chunks written out: what Pillow cannot write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    head = struct.pack("!IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [(b"IHDR", head), *others, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def greys(depth: int) -> bytes:
    """Return a PNG whose left half is black and whose right half is a little lighter than the middle."""
    light = (1 << depth) * 5 // 8
    if depth == 16:
        row = bytes(2 * 32) + struct.pack("!H", light) * 32
    else:
        samples = [0] * 32 + [light] * 32
        bits = "".join(f"{sample:0{depth}b}" for sample in samples)
        row = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return png(64, 8, depth, 0, [row] * 8)


def swapped_profile() -> bytes:
    """Return a colour profile that is sRGB's but for red and blue, each of which is the other."""
    content = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return content.replace(b"rXYZ", b"TEMP").replace(b"bXYZ", b"rXYZ").replace(b"TEMP", b"bXYZ")


def not_quite_a_jpeg() -> bytes:
    """Return a JPEG as some phones write it: its only scan says that it has no frequencies above the lowest."""
    content = bytearray(encoded(halves(), "JPEG"))
    scan = content.index(b"\xff\xda")
    content[scan + 2 + 3 + 2 * content[scan + 4] + 1] = 0
    return bytes(content)


def turned(image: Image.Image, form: str, orientation: int = 6, **options: Any) -> bytes:
    """Return a picture whose camera was turned, with where it was and what it showed."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[0x1D] = "2026:01:31"
    return encoded(image, form, exif=exif, **options)


def with_words() -> bytes:
    """Return a PNG that says things in every way it can."""
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "taken at home")
    words.add_itxt("XML:com.adobe.xmp", "<x>taken at home</x>")
    return encoded(halves(), "PNG", pnginfo=words)


PICTURES: dict[str, tuple[Callable[[], bytes], Colour, Colour]] = {
    "grey of 1 bit": (lambda: greys(1), (0, 0, 0), (255, 255, 255)),
    "grey of 2 bits": (lambda: greys(2), (0, 0, 0), (170, 170, 170)),
    "grey of 4 bits": (lambda: greys(4), (0, 0, 0), (170, 170, 170)),
    "grey of 8 bits": (lambda: greys(8), (0, 0, 0), (160, 160, 160)),
    "grey of 16 bits": (lambda: greys(16), (0, 0, 0), (160, 160, 160)),
    "16 bits a colour": (
        lambda: png(64, 8, 16, 2, [struct.pack("!3H", 65535, 0, 0) * 32 + struct.pack("!3H", 0, 0, 65535) * 32] * 8),
        RED,
        BLUE,
    ),
    "grey and clear, of 16 bits": (
        lambda: png(64, 8, 16, 4, [struct.pack("!2H", 0, 65535) * 32 + struct.pack("!2H", 40_960, 65535) * 32] * 8),
        (0, 0, 0),
        (160, 160, 160),
    ),
    "palette": (lambda: encoded(halves("P"), "PNG"), RED, BLUE),
    "palette of two": (lambda: encoded(halves("P", palette=Image.Palette.ADAPTIVE, colors=2), "PNG"), RED, BLUE),
    "interlaced GIF": (lambda: encoded(halves("P"), "GIF", interlace=1), RED, BLUE),
    "moving GIF": (
        lambda: encoded(halves(), "GIF", save_all=True, append_images=[Image.new("RGB", (90, 30))]),
        RED,
        BLUE,
    ),
    "moving WebP": (
        lambda: encoded(halves(), "WEBP", save_all=True, append_images=[Image.new("RGB", (90, 30))], duration=100),
        RED,
        BLUE,
    ),
    "moving PNG": (
        lambda: encoded(halves(), "PNG", save_all=True, append_images=[Image.new("RGB", (90, 30))]),
        RED,
        BLUE,
    ),
    "lossless WebP": (lambda: encoded(halves(), "WEBP", lossless=True), RED, BLUE),
    "progressive JPEG": (lambda: encoded(halves(), "JPEG", progressive=True), RED, BLUE),
    "grey JPEG": (lambda: encoded(halves("L"), "JPEG"), (76, 76, 76), (29, 29, 29)),
    "printer's JPEG": (lambda: encoded(halves("CMYK"), "JPEG"), (237, 28, 36), (46, 49, 146)),
    "JPEG with a profile": (lambda: encoded(halves(), "JPEG", icc_profile=swapped_profile()), BLUE, RED),
    "PNG with a profile": (lambda: encoded(halves(), "PNG", icc_profile=swapped_profile()), BLUE, RED),
    "WebP with a profile": (lambda: encoded(halves(), "WEBP", icc_profile=swapped_profile()), BLUE, RED),
    "a profile for other pictures": (
        lambda: encoded(halves("L"), "PNG", icc_profile=swapped_profile()),
        (76, 76, 76),
        (29, 29, 29),
    ),
    "a profile that is none": (lambda: encoded(halves(), "JPEG", icc_profile=b"nothing" * 30), RED, BLUE),
    "JPEG that is not quite one": (not_quite_a_jpeg, RED, BLUE),
    "no end": (lambda: encoded(halves(), "PNG")[:-12], RED, BLUE),
    "more behind the end": (lambda: encoded(halves(), "JPEG") + bytes(1000), RED, BLUE),
    "a second picture behind the end": (lambda: picture("JPEG", (90, 30)) + picture("JPEG"), RED, BLUE),
}


def assert_alike(found: Any, wanted: Colour, what: object) -> None:
    """Check that two colours are alike to the eye."""
    assert all(abs(a - b) <= 30 for a, b in zip(found, wanted, strict=True)), (what, found, wanted)


async def test_a_picture_of_whatever_kind_looks_as_it_did(chat: Chat) -> None:
    alice = await chat.person("alice")
    for kind, (make, left, right) in PICTURES.items():
        image = (await fetch(chat, (await upload(alice, make()))["url"])).convert("RGB")
        for column, wanted in ((0, left), (image.width - 1, right)):
            assert_alike(image.getpixel((column, image.height // 2)), wanted, kind)


async def test_what_is_clear_stays_clear(chat: Chat) -> None:
    alice = await chat.person("alice")
    clear = halves("RGBA")
    clear.putalpha(Image.new("L", clear.size, 60))
    palette = encoded(halves("P", palette=Image.Palette.ADAPTIVE, colors=2), "PNG", transparency=bytes([60, 60]))
    for content in (encoded(clear, "PNG"), encoded(clear, "WEBP"), palette):
        image = await fetch(chat, (await upload(alice, content))["url"])
        assert image.convert("RGBA").getpixel((10, 10))[3] in range(50, 70)  # type: ignore[index]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_a_turned_picture_stands_upright_and_says_nothing_of_where_it_was_taken(chat: Chat, form: str) -> None:
    alice = await chat.person("alice")
    for orientation, size in ((1, (90, 30)), (3, (90, 30)), (6, (30, 90)), (8, (30, 90))):
        url = (await upload(alice, turned(halves(), form, orientation)))["url"]
        image = await fetch(chat, url)
        assert image.size == size
        assert not image.getexif()
        assert not {"exif", "icc_profile", "xmp"} & set(image.info)
        corner = {1: RED, 3: BLUE, 6: RED, 8: BLUE}[orientation]
        assert_alike(image.convert("RGB").getpixel((2, 2)), corner, orientation)


async def test_words_in_a_picture_go(chat: Chat) -> None:
    alice = await chat.person("alice")
    for content in (with_words(), encoded(halves(), "JPEG", comment=b"taken at home"), turned(halves(), "WEBP")):
        url = (await upload(alice, content))["url"]
        async with chat.client.get(url) as response:
            stored = await response.read()
        assert b"taken at home" not in stored
        assert stored[12:16] in (b"VP8 ", b"VP8L"), "the simple form of WebP, which has no room for anything else"


async def test_pictures_with_as_many_pixels_as_one_may_have_are_made_small_in_little_memory(chat: Chat) -> None:
    """Each is small as a file, and costs whoever decodes it whole hundreds of megabytes."""
    alice = await chat.person("alice")
    flat = Image.new("RGB", LARGE, "red")
    files = [
        turned(flat, "WEBP", lossless=True, quality=0, method=0),
        turned(flat, "JPEG", progressive=True),
        encoded(flat.convert("P"), "GIF"),
    ]
    for content in files:
        image = await fetch(chat, (await upload(alice, content))["url"])
        assert image.size == (512, 512)
        assert image.convert("RGB").getpixel((256, 256))[0] > 240  # type: ignore[index]


#: What is no picture, or says that it is larger than a picture may be.
REFUSED: dict[str, bytes] = {
    "one row too many": bomb(5001, 5000),
    "the largest numbers": bomb(2**31 - 1, 2**31 - 1),
    "no width": bomb(0, 10),
    "a height below 0": bomb(10, 2**32 - 1),
    "large GIF": b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(100),
    "zeros as JPEG": b"\xff\xd8\xff\xe0" + bytes(1000),
    "the start of a JPEG": b"\xff\xd8\xff",
    "sound": b"RIFF" + struct.pack("<I", 4) + b"WAVE",
    "large WebP": b"RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\x7f/" + bytes(50),
    "ones as PNG": b"\x89PNG\r\n\x1a\n" + b"\xff" * 1000,
    "PDF": b"%PDF-1.7 1 0 obj",
    "TIFF": b"II*\0" + bytes(100),
    "AVIF": b"\0\0\0\x1cftypavif" + bytes(100),
    "PPM": b"P6 1 1 255 abc",
    "SVG": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>",
    "MVG": b"push graphic-context",
    "cut WebP": picture("WEBP")[:-20],
    "cut GIF": picture("GIF")[:-20],
    "zeros": bytes(2 * 1024 * 1024),
}


async def test_what_only_looks_like_a_picture_is_refused(chat: Chat) -> None:
    alice = await chat.person("alice")
    for kind, content in REFUSED.items():
        async with await alice.request("POST", "/files/upload/avatar", data=form_of(content)) as response:
            assert await error_of(response) == (400, "unsupported_image"), kind

"""The program that shrinks a picture, in a process of its own, as the picture may be made to break it.

It reads the picture from standard input and writes a WebP to standard output; the exit status says how that went. It is
started by :mod:`chatd.services.decoding` and imports nothing else of chatd.
"""

import contextlib
import os
import resource
import sys
from pathlib import Path

#: The longest side of a picture that is given out, in pixels.
MAX_SIDE = 512

#: The most pixels a picture may have before it is shrunk: more than phones make.
MAX_PIXELS = 25_000_000

#: How much memory the process may map, in bytes. Measured with 25 megapixels: a JPEG 72 MB, a PNG 96, a WebP 137, a
#: progressive JPEG 160 and in CMYK 264, an animated GIF 206, an interlaced PNG of four times 16 bits 293, of which 40
#: are the interpreter and the libraries.
MEMORY_LIMIT = 384 * 1024 * 1024

#: How much processor time it may use, in seconds: those pictures take up to one.
CPU_LIMIT = 10

#: Exit statuses beside 0. The first two are verdicts on the picture, the last says that no picture can be read at all.
UNREADABLE = 65
TOO_MANY_PIXELS = 66
NO_LIBRARY = 69

#: How each kind of picture begins, and the loader of libvips for it; all other loaders stay blocked.
_LOADERS = {
    b"\xff\xd8\xff": "VipsForeignLoadJpeg",
    b"\x89PNG\r\n\x1a\n": "VipsForeignLoadPng",
    b"GIF87a": "VipsForeignLoadNsgif",
    b"GIF89a": "VipsForeignLoadNsgif",
    b"RIFF": "VipsForeignLoadWebp",
}

_QUALITY = 85


def main() -> int:
    """Read a picture, write it small, and return the exit status."""
    _yield_to_others()
    _limit(resource.RLIMIT_AS, MEMORY_LIMIT)
    _limit(resource.RLIMIT_CPU, CPU_LIMIT)
    _limit(resource.RLIMIT_CORE, 0)
    try:
        import pyvips
    except (ImportError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return NO_LIBRARY
    # Everything is loaded: whoever takes over the decoder can open neither a file nor a socket.
    _limit(resource.RLIMIT_NOFILE, 3)
    upload = sys.stdin.buffer.read()
    loader = next((loader for start, loader in _LOADERS.items() if upload.startswith(start)), None)
    if loader is None:
        return UNREADABLE
    pyvips.operation_block_set("VipsForeignLoad", True)
    pyvips.operation_block_set(loader, False)
    pyvips.cache_set_max(0)
    try:
        head = pyvips.Image.new_from_buffer(upload, "", access="sequential")
        if head.width * head.height > MAX_PIXELS:
            return TOO_MANY_PIXELS
        small = shrunk(upload)
    except pyvips.Error as error:
        sys.stderr.write(f"{error}\n")
        return UNREADABLE
    sys.stdout.buffer.write(small)
    return 0


def shrunk(upload: bytes) -> bytes:
    """Return a picture as WebP, at most :data:`MAX_SIDE` wide and high, upright, in sRGB and without metadata.

    It is shrunk while it is decoded, then turned and converted. Of an animation the first frame is taken.
    """
    import pyvips

    image = pyvips.Image.thumbnail_buffer(
        upload,
        MAX_SIDE,
        height=MAX_SIDE,
        size="down",
        output_profile="srgb",
        option_string="[fail_on=truncated]",  # libvips 8.18 ignores the argument of this name
    )
    small: bytes = image.colourspace("srgb").webpsave_buffer(Q=_QUALITY, keep="none")
    return small


def _yield_to_others() -> None:
    """Let the server run first, and make this process the first to be killed when memory is short."""
    with contextlib.suppress(OSError):  # a sandbox may not allow it
        os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _limit(kind: int, most: int) -> None:
    """Limit this process, for good; a stricter limit that is there stays."""
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    raise SystemExit(main())

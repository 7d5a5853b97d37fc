"""Pictures of users: whatever comes is decoded, made small, and encoded anew, so that only pixels are kept."""

import asyncio
import io
import secrets
from concurrent.futures import ThreadPoolExecutor

from chatd.clock import Clock
from chatd.errors import AvatarNotFound, RateLimited, UnsupportedImage
from chatd.storage import avatars
from chatd.storage.commit import Transaction
from chatd.storage.database import Database

#: The longest side of a stored picture, in pixels.
MAX_SIDE = 512

#: The most pixels a picture may have before it is made small: 100 MB when decoded, and more than phones make.
MAX_PIXELS = 25_000_000

#: How many pictures may wait to be decoded, one at a time.
QUEUE_LIMIT = 8

#: How many of a user's pictures that are not in use are kept: one may be about to be chosen.
KEEP = 3

#: Where clients find the pictures.
PATH_PREFIX = "/files/avatars/"

MEDIA_TYPE = "image/webp"

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


class Avatars:
    """Takes pictures in and gives them out."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "avatars")
        self._pending = 0

    async def store(self, owner_id: int, upload: bytes) -> str:
        """Store a picture and return its filename.

        :param upload: a JPEG, PNG, GIF or WebP file; of an animation the first frame is taken.
        :raises UnsupportedImage: it is none of these, is damaged, or has too many pixels.
        :raises RateLimited: too many pictures are waiting already.
        """
        content = await self._shrink(upload)
        filename = f"{secrets.token_hex(16)}.webp"
        now = self._clock()

        def work(tx: Transaction) -> None:
            avatars.insert(tx.db, filename=filename, owner_id=owner_id, content=content, created_at=now)
            avatars.delete_unused(tx.db, owner_id, prefix=PATH_PREFIX, keep=KEEP)

        await self._db.write(work)
        return filename

    async def get(self, filename: str) -> bytes:
        """Return a stored picture, in :data:`MEDIA_TYPE`.

        :raises AvatarNotFound: there is none of that name.
        """
        content = await self._db.read(lambda db: avatars.get(db, filename))
        if content is None:
            raise AvatarNotFound
        return content

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _shrink(self, upload: bytes) -> bytes:
        if self._pending >= QUEUE_LIMIT:
            raise RateLimited(1.0)
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, shrink, upload)
        finally:
            self._pending -= 1


def shrink(upload: bytes) -> bytes:
    """Return a picture as WebP, at most :data:`MAX_SIDE` wide and high, upright and without metadata.

    :raises UnsupportedImage: it is no JPEG, PNG, GIF or WebP, is damaged, or has too many pixels.
    """
    from PIL import Image, ImageOps  # half the memory of the whole server: only where pictures come

    Image.MAX_IMAGE_PIXELS = None  # the limit below is stricter, and silent
    try:
        with Image.open(io.BytesIO(upload), formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnsupportedImage("The image has too many pixels.")
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            small = ImageOps.exif_transpose(image).convert("RGBA")
        small.thumbnail((MAX_SIDE, MAX_SIDE))
        result = io.BytesIO()
        small.save(result, "WEBP", quality=85)
    except UnsupportedImage:
        raise
    except Exception as error:  # a damaged file can make a decoder raise anything
        raise UnsupportedImage from error
    return result.getvalue()

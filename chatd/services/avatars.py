"""Users' pictures: every upload is decoded, shrunk and encoded again, so that only its pixels are kept."""

import secrets

from chatd.clock import Clock
from chatd.errors import AvatarNotFound
from chatd.services.decoding import Decoder
from chatd.storage import avatars
from chatd.storage.commit import Transaction
from chatd.storage.database import Database

#: How many unused pictures of a user are kept: one may be about to be chosen.
KEEP = 3

#: Where clients find the pictures.
PATH_PREFIX = "/files/avatars/"

MEDIA_TYPE = "image/webp"


class Avatars:
    """Stores and returns pictures."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._decoder = Decoder()

    async def store(self, owner_id: int, upload: bytes) -> str:
        """Store a picture and return its filename.

        :param upload: a JPEG, PNG, GIF or WebP file; of an animation the first frame is taken.
        :raises UnsupportedImage: it is none of these, is damaged, or has too many pixels.
        :raises RateLimited: too many pictures are waiting.
        :raises PicturesUnavailable: the server cannot read pictures.
        """
        content = await self._decoder.shrink(upload)
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

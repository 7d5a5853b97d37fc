"""What administrators choose in the browser for the whole community: its name, its picture, and who may register.

It is kept in the database. What the file, the environment or an option says beats it, and is the same until the server
starts again.
"""

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Mapping

from chatd.config import Config
from chatd.errors import SettingFixed
from chatd.events import CommunityChanged
from chatd.models import Community
from chatd.services.administrators import require_administrator
from chatd.services.decoding import Decoder
from chatd.storage import settings
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql

log = logging.getLogger(__name__)

#: The settings that can be chosen, by their names here, with their sections.
SECTION = {"name": "web", "registration": "accounts", "picture": "web"}

#: Where browsers find the picture; each picture has an address of its own.
PICTURE_PATH = "/assets/community-{}.webp"


class Communities:
    """Knows what holds of this server's community, and changes it for administrators."""

    def __init__(self, db: Database, config: Config, picture: bytes = b"") -> None:
        """Create the service; until :meth:`load` it knows only what the configuration says.

        :param picture: the configuration's, as WebP; empty if there is none.
        """
        self._db = db
        self._config = config
        self._picture = picture
        self._loading = asyncio.Lock()
        self._decoder = Decoder()
        self.now = held(config, {}, picture)

    async def load(self) -> None:
        """Learn what holds now, after this process or another one has changed it.

        :raises StorageUnavailable: the database could not be read.
        """
        async with self._loading:  # so that what was read last is what holds
            chosen = await self._db.read(settings.all_of)
            self.now = held(self._config, chosen, self._picture)

    def registration(self, db: Sql) -> str:
        """Return who may register, as the database says it."""
        return registration(self._config, db)

    async def see(self, user_id: int) -> Community:
        """Return what holds now, to an administrator.

        :raises AdministratorsOnly: the user is no administrator.
        """
        await self._db.read(lambda db: require_administrator(db, user_id))
        await self.load()
        return self.now

    async def change(self, user_id: int, chosen: Mapping[str, str | None]) -> Community:
        """Choose a ``name``, or who may register (``registration``), and return what holds now.

        :param user_id: who chooses.
        :param chosen: None takes a choice back.
        :raises AdministratorsOnly: the user is no administrator.
        :raises SettingFixed: the configuration says what holds.
        """
        return await self._choose(
            user_id, {name: None if value is None else value.strip(" ") for name, value in chosen.items()}
        )

    async def set_picture(self, user_id: int, upload: bytes) -> Community:
        """Choose a picture, and return what holds now.

        :param upload: a JPEG, PNG, GIF or WebP file, as :meth:`chatd.services.avatars.Avatars.store` takes it.
        :raises AdministratorsOnly: the user is no administrator.
        :raises SettingFixed: the configuration says what holds.
        :raises UnsupportedImage: it is none of these, is damaged, or has too many pixels.
        :raises RateLimited: too many pictures are waiting.
        :raises PicturesUnavailable: the server cannot read pictures.
        """
        await self._db.read(lambda db: self._check(db, user_id, ["picture"]))
        return await self._choose(user_id, {"picture": await self._decoder.shrink(upload)})

    async def remove_picture(self, user_id: int) -> Community:
        """Choose no picture, and return what holds now.

        :raises AdministratorsOnly: the user is no administrator.
        :raises SettingFixed: the configuration says what holds.
        """
        return await self._choose(user_id, {"picture": None})

    async def _choose(self, user_id: int, chosen: Mapping[str, str | bytes | None]) -> Community:
        def work(tx: Transaction) -> None:
            self._check(tx.db, user_id, chosen)
            for name, value in chosen.items():
                if value is None:
                    settings.remove(tx.db, name)
                elif isinstance(value, bytes):
                    settings.put(tx.db, name, content=value)
                else:
                    settings.put(tx.db, name, value=value)
            tx.publish(CommunityChanged(recipients=()))

        await self._db.write(work)
        log.info(
            "the community was changed",
            extra={"event": "community_changed", "user_id": user_id, "settings": sorted(chosen)},
        )
        await self.load()
        return self.now

    def _check(self, db: Sql, user_id: int, names: Iterable[str]) -> None:
        require_administrator(db, user_id)
        where = fixed(self._config)
        for name in names:
            if name in where:
                raise SettingFixed(name, where[name])


def fixed(config: Config) -> dict[str, str]:
    """Return where the configuration says what holds, by the name of the setting: a file, or a variable."""
    places = {name: config.sources.get(f"{section}.{name}") for name, section in SECTION.items()}
    return {name: place for name, place in places.items() if place is not None}


def held(config: Config, chosen: Mapping[str, str | bytes], picture: bytes) -> Community:
    """Return what holds.

    :param chosen: what administrators have chosen.
    :param picture: the configuration's, as WebP.
    """
    where = fixed(config)
    values: dict[str, str | bytes] = {
        "name": config.web.name,
        "registration": config.accounts.registration,
        "picture": picture,
        **{name: value for name, value in chosen.items() if name not in where},
    }
    shown = bytes(values["picture"]) if isinstance(values["picture"], bytes) and config.web.enabled else b""
    return Community(
        name=str(values["name"]),
        registration=str(values["registration"]),
        picture=shown,
        picture_path=PICTURE_PATH.format(hashlib.sha256(shown).hexdigest()[:16]) if shown else "",
        fixed=where,
        chosen=tuple(sorted(name for name in chosen if name in SECTION)),
    )


def registration(config: Config, db: Sql) -> str:
    """Return who may register: what the configuration says, else what was chosen, else what it is by default."""
    chosen = None if "registration" in fixed(config) else settings.get(db, "registration")
    return config.accounts.registration if chosen is None else chosen

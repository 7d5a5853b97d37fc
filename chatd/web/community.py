"""What the community that runs the server is called and looks like, and the files that say so."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from chatd import schemas
from chatd.config.settings import Accounts, Web
from chatd.errors import ConfigurationError, PicturesUnavailable, UnsupportedImage
from chatd.models import Community
from chatd.services import Communities
from chatd.services.decoding import Decoder
from chatd.web import files
from chatd.web.files import File

#: The largest picture that is read, in bytes.
PICTURE_MAX = 8 * 1024 * 1024

#: The page of the web client, and what it is told of the server, by their paths.
PAGE = "index.html"
FACTS = "config.json"

#: Returns a file as it is now.
Now = Callable[[], File]


class Front:
    """The files of the web client, of which some are about the community, and are other files when it has changed."""

    def __init__(self, community: Communities, settings: Accounts, built: Mapping[str, File]) -> None:
        """Create the files.

        :param settings: what else the client is told.
        :param built: the files of the built client, by their paths; none where it is not built.
        """
        self._community = community
        self._settings = settings
        self._built = built
        self._made_of: Community | None = None
        self._own: Mapping[str, File] = {}

    @property
    def picture_path(self) -> str:
        """Where the community's picture is now; empty if there is none."""
        return self._community.now.picture_path

    def picture(self) -> File:
        """Return the community's picture, where there is one."""
        return self._now(self.picture_path.removeprefix("/"))

    def file(self, path: str) -> Now:
        """Return what returns a file of the web client as it is now."""
        return partial(self._now, path)

    def _now(self, path: str) -> File:
        community = self._community.now
        if community is not self._made_of:
            self._made_of, self._own = community, self._made(community)
        return self._own.get(path) or self._built[path]

    def _made(self, community: Community) -> Mapping[str, File]:
        """Return the files that are about the community."""
        facts = {
            "registration": community.registration,
            "password_min": self._settings.password_min,
            "name": community.name,
            "picture": community.picture_path,
            "help": self._settings.help,
        }
        made = files.named(self._built, community.name) if self._built else {}
        made[FACTS] = files.make(FACTS, schemas.encode(schemas.WebClientSchema().dump(facts)))
        if community.picture:
            path = community.picture_path.removeprefix("/")
            made[path] = files.make(path, community.picture)
        return made


async def read_picture(settings: Web) -> bytes:
    """Return the community's picture as WebP, decoded as users' pictures are; nothing if there is none.

    :param settings: those of the web client.
    :raises ConfigurationError: it cannot be used; the text says why.
    """
    path = settings.picture
    if not path or not settings.enabled:
        return b""
    try:
        return await Decoder().shrink(_content(path))
    except (UnsupportedImage, PicturesUnavailable) as error:
        raise ConfigurationError(f"[web] picture: {path}: {error.detail}") from None


def _content(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(PICTURE_MAX + 1)
    except OSError as error:
        raise ConfigurationError(f"[web] picture: cannot read {path}: {error.strerror}") from None
    if len(content) > PICTURE_MAX:
        raise ConfigurationError(f"[web] picture: {path} is larger than {PICTURE_MAX // 1024 // 1024} MB")
    return content

"""What the community that runs the server is called and looks like."""

from pathlib import Path

from chatd.config.settings import Web
from chatd.errors import ConfigurationError, PicturesUnavailable, UnsupportedImage
from chatd.services.decoding import Decoder

#: The largest picture that is read, in bytes.
PICTURE_MAX = 8 * 1024 * 1024


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
